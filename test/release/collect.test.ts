import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { orNull } from "../../src/disk/durable.ts";
import { GreenroomError } from "../../src/errors.ts";
import type { Entry, FileEntry } from "../../src/release/manifest.ts";
import { objectTime } from "../../src/release/read-files.ts";
import { objectPath } from "../../src/release/store.ts";
import {
  collectFrom,
  entriesOf,
  file,
  folder,
  link,
  program,
  temporaryFolder,
  temporaryStore,
  trees,
  writeThings,
} from "./world.ts";

const timeless = (entries: Entry[]) =>
  entries.map((entry) => (entry.kind === "file" ? { ...entry, mtime: 1000 } : entry));

function errorOf(act: () => unknown): GreenroomError {
  try {
    act();
  } catch (error) {
    if (error instanceof GreenroomError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("collecting a folder", () => {
  test("finds all of any tree, sorted by path, and has its contents in the store", () => {
    const store = temporaryStore();
    const place = temporaryFolder();
    const full = trees.filter((things) => Object.values(things).some(({ kind }) => kind !== "folder"));
    let n = 0;
    fc.assert(
      fc.property(full, (things) => {
        const { entries } = collectFrom(store, writeThings(join(place, String(n++)), things));
        expect(timeless(entries)).toEqual(entriesOf(things));
        for (const entry of entries) {
          const thing = things[entry.path]!;
          if (entry.kind === "file" && thing.kind === "file") {
            expect(readFileSync(objectPath(store, entry), "utf8")).toBe(thing.content);
          }
        }
      }),
      { numRuns: 60, examples: [[{ a: folder, "a-b": file("one") }]] },
    );
    expect(readdirSync(store.incoming)).toEqual([]);
  });

  test("keeps contents read-only, with the time that the manifest says", () => {
    const store = temporaryStore();
    const source = writeThings(temporaryFolder(), { a: file("one"), run: program("two") });
    utimesSync(join(source, "a"), 5000.7, 5000.7);
    const [a, run] = collectFrom(store, source).entries as [FileEntry, FileEntry];
    expect(a.mtime).toBe(5000);
    expect(lstatSync(objectPath(store, a)).mtimeMs).toBe(5_000_000);
    expect(lstatSync(objectPath(store, a)).mode & 0o777).toBe(0o444);
    expect(lstatSync(objectPath(store, run)).mode & 0o777).toBe(0o555);
    expect(lstatSync(objectPath(store, run)).mtimeMs).toBe(run.mtime * 1000);
  });

  test("copies: who writes to the source afterwards doesn't change the store", () => {
    const store = temporaryStore();
    const source = writeThings(temporaryFolder(), { a: file("one") });
    const [a] = collectFrom(store, source).entries as [FileEntry];
    appendFileSync(join(source, "a"), " and more");
    expect(readFileSync(objectPath(store, a), "utf8")).toBe("one");
  });

  test("gives a content that the store has the time that it has there", () => {
    const store = temporaryStore();
    const source = writeThings(temporaryFolder(), { a: file("one") });
    const [a] = collectFrom(store, source).entries as [FileEntry];
    const other = writeThings(temporaryFolder(), { b: file("one"), c: file("one") });
    utimesSync(join(other, "b"), 77, 77);
    const entries = collectFrom(store, other).entries as FileEntry[];
    expect(entries.map(({ mtime }) => mtime)).toEqual([a.mtime, a.mtime]);
  });

  test("keeps a file and a program of the same content apart", () => {
    const store = temporaryStore();
    const source = writeThings(temporaryFolder(), { a: file("one"), b: program("one") });
    const [a, b] = collectFrom(store, source).entries as [FileEntry, FileEntry];
    expect(a.sha256).toBe(b.sha256);
    expect(objectPath(store, a)).not.toBe(objectPath(store, b));
    expect(lstatSync(objectPath(store, b)).mode & 0o111).toBe(0o111);
  });

  test("takes large files by way of the disk: around a megabyte, and three of them", () => {
    const store = temporaryStore();
    const source = temporaryFolder();
    const sizes = [(1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20];
    for (const size of sizes) writeFileSync(join(source, `f${size}`), Buffer.alloc(size, `${size} `));
    writeFileSync(join(source, "same"), Buffer.alloc(3 << 20, `${3 << 20} `));
    const entries = collectFrom(store, source).entries as FileEntry[];
    expect(entries).toHaveLength(5);
    for (const entry of entries) {
      const kept = readFileSync(objectPath(store, entry));
      expect(kept.equals(readFileSync(join(source, entry.path)))).toBe(true);
      expect(entry.size).toBe(kept.length);
      const stat = lstatSync(objectPath(store, entry));
      expect([stat.mode & 0o777, stat.mtimeMs]).toEqual([0o444, entry.mtime * 1000]);
    }
    expect(readdirSync(store.incoming)).toEqual([]);
  });

  test("says how far it is, ever farther, and of how many", () => {
    const done: number[] = [];
    const things = Object.fromEntries(
      Array.from({ length: 2050 }, (_, i) => [`d${i % 7}/f${i}`, file(`${i}`)]),
    );
    const source = writeThings(temporaryFolder(), things);
    const { read } = collectFrom(temporaryStore(), source, {
      emit: (event) => {
        expect(event).toMatchObject({ event: "progress", total: 2050, unit: "files" });
        if (event.event === "progress") done.push(event.done);
      },
    });
    expect(read).toBe(2050);
    expect(done.length).toBeGreaterThanOrEqual(2);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.at(-1)).toBeLessThanOrEqual(2050);
  });

  test("keeps a folder whose contents are all ignored as an empty one", () => {
    const source = writeThings(temporaryFolder(), { "logs/a.log": file("one"), b: file("two") });
    const { entries } = collectFrom(temporaryStore(), source, { ignores: (path) => path.endsWith(".log") });
    expect(timeless(entries)).toEqual(entriesOf({ b: file("two"), logs: folder }));
  });

  test("doesn't look into ignored folders", () => {
    const source = writeThings(temporaryFolder(), { "cache/evil": link("/etc/passwd"), b: file("two") });
    const { entries } = collectFrom(temporaryStore(), source, { ignores: (path) => path === "cache/" });
    expect(timeless(entries)).toEqual(entriesOf({ b: file("two") }));
  });

  test("leaves nothing in the store when a file vanishes between being seen and being read", () => {
    const store = temporaryStore();
    const source = writeThings(temporaryFolder(), { a: file("one"), b: file("two") });
    const vanishing = (path: string) => {
      if (path === "c") rmSync(join(source, "b"));
      return false;
    };
    writeThings(source, { c: file("three") });
    const error = errorOf(() => collectFrom(store, source, { ignores: vanishing }));
    expect([error.code, error.message]).toEqual(["SOURCE_CHANGING", "b vanished while it was to be read"]);
    expect(readdirSync(store.objects)).toEqual([]);
    expect(readdirSync(store.incoming)).toEqual([]);
  });
});

describe("a source that can't become a release", () => {
  test("is empty, holds only folders, or only what is ignored", () => {
    const store = temporaryStore();
    const empty = temporaryFolder();
    expect(errorOf(() => collectFrom(store, empty)).code).toBe("SOURCE_EMPTY");
    const folders = writeThings(temporaryFolder(), { "a/b": folder });
    expect(errorOf(() => collectFrom(store, folders)).code).toBe("SOURCE_EMPTY");
    const ignored = writeThings(temporaryFolder(), { a: file("one") });
    expect(errorOf(() => collectFrom(store, ignored, { ignores: () => true })).code).toBe("SOURCE_EMPTY");
  });

  const escapes: [string, string][] = [
    ["a", "/etc/passwd"],
    ["a", ".."],
    ["a", "../secret"],
    ["a", "../"],
    ["a", "./../secret"],
    ["a", ".//../secret"],
    ["d/a", "../.."],
    ["d/a", "../../secret"],
    ["d/a", ".././../secret"],
    // Through another symlink: `out` may lead deep down, and the kernel climbs from there.
    ["a", "d/../../secret"],
    ["a", "out/../../secret"],
  ];
  test.each(escapes)("has a symlink %s -> %s that leaves it", (path, target) => {
    const source = writeThings(temporaryFolder(), {
      [path]: link(target),
      "d/e/f": file("one"),
      out: link("d/e"),
    });
    const error = errorOf(() => collectFrom(temporaryStore(), source));
    expect(error.code).toBe("SYMLINK_ESCAPES");
    expect(error.message).toBe(`${path} points out of the release, at ${target}`);
    expect(error.hint).toContain("storage");
  });

  const behind: [string, string, string][] = [
    ["a", "out/..", "."],
    ["d/e/a", "../out/../../secret", "../../secret"],
    ["x/l", "../x/../x", "../x"],
  ];
  test.each(behind)("has a symlink %s -> %s that climbs behind a name", (path, target, plain) => {
    const source = writeThings(temporaryFolder(), { [path]: link(target), "d/e/f": file("one") });
    const error = errorOf(() => collectFrom(temporaryStore(), source));
    expect(error.code).toBe("SYMLINK_ESCAPES");
    expect(error.message).toContain("climbs out of a folder behind its first name");
    expect(error.hint).toBe(`write it without: ln -sfn ${plain} ${path}`);
  });

  test("has folders nested so deeply that the path is too long: told by both its ends", () => {
    const source = temporaryFolder();
    const home = process.cwd();
    try {
      process.chdir(source);
      for (let depth = 0; depth < 600; depth++) {
        mkdirSync("folder10");
        process.chdir("folder10");
      }
    } finally {
      process.chdir(home);
    }
    const error = errorOf(() => collectFrom(temporaryStore(), source));
    expect(error.code).toBe("SOURCE_UNREADABLE");
    expect(error.message).toMatch(/^(folder10\/)+\w*….{30} can't be read: its path has \d+ bytes/);
    expect(error.message.length).toBeLessThan(200);
    spawnSync("rm", ["-r", source]);
  });

  const stays: [string, string][] = [
    ["a", "d/e/f"],
    ["a", "."],
    ["a", "./d//e/"],
    ["a", "nowhere"],
    ["a", "a"],
    ["d/a", ".."],
    ["d/a", "../d/e"],
    ["d/e/a", "../../z"],
    ["a", "out/f"],
    ["a", "..hidden"],
    ["a", "d/..."],
  ];
  test.each(stays)("isn't one with a symlink %s -> %s that stays in it", (path, target) => {
    const source = writeThings(temporaryFolder(), {
      [path]: link(target),
      "d/e/f": file("one"),
      out: link("d/e"),
    });
    const { entries } = collectFrom(temporaryStore(), source);
    expect(entries).toContainEqual({ kind: "link", path, target });
  });

  test("never holds a chain of symlinks that gets out, whatever the symlinks say", () => {
    const part = fc.constantFrom("..", ".", "a", "b", "d", "");
    const target = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    const store = temporaryStore();
    const parent = temporaryFolder();
    let n = 0;
    let accepted = 0;
    fc.assert(
      fc.property(target, target, target, fc.constantFrom("a", "d/a", "d/b/a"), (one, two, three, path) => {
        fc.pre([one, two, three].every((text) => text !== ""));
        const source = join(parent, `source-${n++}`, "in");
        writeThings(source, { "d/b/f": file("inside") });
        writeFileSync(join(source, "..", "secret"), "outside");
        for (const [at, to] of [
          [path, one],
          ["b", two],
          ["d/c", three],
        ] as const)
          symlinkSync(to, join(source, at));
        try {
          collectFrom(store, source);
        } catch (error) {
          if (error instanceof GreenroomError && error.code === "SYMLINK_ESCAPES") return;
          throw error;
        }
        accepted += 1;
        for (const place of [path, "b", "d/c"]) {
          const end = orNull(() => realpathSync.native(join(source, place)), "ENOENT", "ELOOP", "ENOTDIR");
          if (end !== null) expect(`${end}/`).toContain(`${source}/`);
        }
      }),
      { numRuns: 150 },
    );
    expect(accepted).toBeGreaterThan(10);
  });

  test("may have a symlink that leaves it where storage takes its place", () => {
    const source = writeThings(temporaryFolder(), { uploads: link("/var/uploads"), a: file("one") });
    const { entries } = collectFrom(temporaryStore(), source, { storage: ["uploads"] });
    expect(timeless(entries)).toEqual(entriesOf({ a: file("one") }));
  });

  test("holds a pipe", (context) => {
    const source = writeThings(temporaryFolder(), { "d/a": file("one") });
    if (spawnSync("mkfifo", [join(source, "d/pipe")]).status !== 0) return context.skip("mkfifo isn't here");
    const error = errorOf(() => collectFrom(temporaryStore(), source));
    expect(error.code).toBe("SOURCE_SPECIAL");
    expect(error.message).toBe("d/pipe is a socket, device or pipe");
  });

  test("holds a socket", async () => {
    const source = writeThings(temporaryFolder(), { a: file("one") });
    const server = createServer();
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(join(source, "s.sock"), resolve));
    const error = errorOf(() => collectFrom(temporaryStore(), source));
    expect([error.code, error.hint]).toEqual([
      "SOURCE_SPECIAL",
      'remove it, or add "s.sock" to .greenroomignore',
    ]);
  });

  test("holds a name that isn't UTF-8, of a file or of a folder", () => {
    for (const make of [(path: Buffer) => writeFileSync(path, "one"), (path: Buffer) => mkdirSync(path)]) {
      const source = writeThings(temporaryFolder(), { "d/a": file("one") });
      make(Buffer.concat([Buffer.from(`${source}/d/bad-`), Buffer.from([0xff, 0xfe])]));
      const error = errorOf(() => collectFrom(temporaryStore(), source));
      expect(error.code).toBe("SOURCE_UNREADABLE");
      expect(error.message).toContain("not UTF-8");
      expect(error.message).toContain("d/bad-");
      spawnSync("rm", ["-rf", source]);
    }
  });

  test("may have a name with the replacement character itself", () => {
    const source = writeThings(temporaryFolder(), { "odd-\ufffd": file("one") });
    expect(timeless(collectFrom(temporaryStore(), source).entries)).toEqual(
      entriesOf({ "odd-\ufffd": file("one") }),
    );
  });

  test.skipIf(process.getuid?.() === 0)("holds an unreadable file (root reads everything)", () => {
    const source = writeThings(temporaryFolder(), { "d/a": file("one") });
    chmodSync(join(source, "d/a"), 0);
    const error = errorOf(() => collectFrom(temporaryStore(), source));
    expect([error.code, error.message]).toEqual([
      "SOURCE_UNREADABLE",
      "d/a can't be read: permission denied",
    ]);
    chmodSync(join(source, "d"), 0);
    expect(errorOf(() => collectFrom(temporaryStore(), source)).code).toBe("SOURCE_UNREADABLE");
    chmodSync(join(source, "d"), 0o755);
  });
});

describe("the time that a content carries", () => {
  test("is the file's, but never after now and always after the last release", () => {
    expect(objectTime({ mtimeMs: 5_999 }, 0, 100)).toBe(5);
    expect(objectTime({ mtimeMs: 500_000 }, 0, 100.9)).toBe(100);
    expect(objectTime({ mtimeMs: 5_000 }, 50, 100)).toBe(51);
    expect(objectTime({ mtimeMs: 51_000 }, 50, 100)).toBe(51);
    expect(objectTime({ mtimeMs: 80_000 }, 50, 100)).toBe(80);
    expect(objectTime({ mtimeMs: -5_000 }, 0, 100)).toBeGreaterThanOrEqual(0);
  });

  test("is a whole number of seconds later than the last release for any file", () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: -1e12, max: 1e14 }),
        fc.nat(2e9),
        fc.nat(2e9),
        (mtimeMs, last, now) => {
          const time = objectTime({ mtimeMs }, last, now);
          expect(Number.isInteger(time)).toBe(true);
          expect(time).toBeGreaterThan(last);
          expect(time).toBeLessThanOrEqual(Math.max(now, last + 1));
        },
      ),
    );
  });
});
