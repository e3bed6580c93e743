import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  movePointer,
  orNull,
  readJson,
  readPointer,
  syncFileSystem,
  TEMPORARY,
  temporaryName,
  writeFileDurably,
  writeJsonDurably,
} from "../../src/disk/durable.ts";
import { errnoOf } from "../../src/errors.ts";
import { temporaryFolder } from "../release/world.ts";

function errnoFrom(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    return errnoOf(error);
  }
  return "nothing was thrown";
}

describe("a file that is written durably", () => {
  test("has all of its new content, the mode that was asked for, and no company", () => {
    const path = join(temporaryFolder(), "a");
    writeFileDurably(path, "old");
    writeFileDurably(path, Buffer.from("new content"), 0o640);
    expect(readFileSync(path, "utf8")).toBe("new content");
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(dirname(path))).toEqual(["a"]);
  });

  test("is a new one: who has the old one open, or linked, keeps the old content", () => {
    const path = join(temporaryFolder(), "a");
    writeFileDurably(path, "old");
    const { ino } = statSync(path);
    writeFileDurably(path, "new");
    expect(statSync(path).ino).not.toBe(ino);
  });

  test("stays as it was where the new one can't take its place, and nothing is left behind", () => {
    const dir = temporaryFolder();
    mkdirSync(join(dir, "a/b"), { recursive: true });
    expect(errnoFrom(() => writeFileDurably(join(dir, "a"), "new"))).toBe("EISDIR");
    expect(readdirSync(dir)).toEqual(["a"]);
    expect(errnoFrom(() => writeFileDurably(join(dir, "nowhere/a"), "new"))).toBe("ENOENT");
  });

  test("can hold any JSON, and comes back as that", () => {
    const path = join(temporaryFolder(), "a.json");
    writeJsonDurably(path, { a: ["ü", null, 1.5] });
    expect(readJson(path)).toEqual({ a: ["ü", null, 1.5] });
    expect(readJson(`${path}.not`)).toBe(null);
    expect(readJson(join(path, "below"))).toBe(null);
  });
});

describe("a pointer", () => {
  test("moves from one target to another, and leaves nothing behind", () => {
    const pointer = join(temporaryFolder(), "live");
    movePointer(pointer, "releases/1");
    movePointer(pointer, "releases/2");
    expect(readPointer(pointer)).toBe("releases/2");
    expect(readdirSync(dirname(pointer))).toEqual(["live"]);
  });

  test("takes the place of a file, and never that of a folder", () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, "file"), "");
    movePointer(join(dir, "file"), "x");
    expect(readlinkSync(join(dir, "file"))).toBe("x");
    mkdirSync(join(dir, "folder"));
    expect(errnoFrom(() => movePointer(join(dir, "folder"), "x"))).toBe("EISDIR");
    expect(readdirSync(dir).sort()).toEqual(["file", "folder"]);
  });

  test("isn't followed when it moves, though it leads to a folder", () => {
    const dir = temporaryFolder();
    mkdirSync(join(dir, "target"));
    symlinkSync("target", join(dir, "live"));
    movePointer(join(dir, "live"), "elsewhere");
    expect(readPointer(join(dir, "live"))).toBe("elsewhere");
    expect(readdirSync(join(dir, "target"))).toEqual([]);
  });

  test("that isn't there, isn't a symlink, or has no folder is null", () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, "file"), "");
    expect(["nothing", "file", "file/below", "no/where"].map((path) => readPointer(join(dir, path)))).toEqual(
      [null, null, null, null],
    );
  });
});

describe("a temporary name", () => {
  test("is beside its place, known as nobody's, and another one each time", () => {
    const names = [temporaryName("/a/b/c"), temporaryName("/a/b/c")];
    expect(new Set(names).size).toBe(2);
    for (const name of names) {
      expect(dirname(name)).toBe("/a/b");
      expect(basename(name).startsWith(TEMPORARY)).toBe(true);
    }
  });

  test.each(["x".repeat(255), "字".repeat(85), "🙂".repeat(63)])(
    "can be made a file for any name (%#)",
    (name) => {
      const dir = temporaryFolder();
      writeFileDurably(join(dir, name), "one");
      expect(readdirSync(dir)).toEqual([name]);
    },
  );
});

test("only those errnos are null that were named", () => {
  const look = () => readFileSync("/nowhere/at/all");
  expect(orNull(look, "EACCES", "ENOENT")).toBe(null);
  expect(errnoFrom(() => orNull(look, "EACCES"))).toBe("ENOENT");
  expect(orNull(() => 5, "ENOENT")).toBe(5);
});

test("a whole file system can be synced by any folder of it", () => {
  syncFileSystem(temporaryFolder());
});
