import {
  appendFileSync,
  chmodSync,
  lstatSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { collect } from "../../src/release/collect.ts";
import { recordRelease } from "../../src/release/record.ts";
import { readIndex, writeIndex } from "../../src/release/source-index.ts";
import type { Store } from "../../src/release/store.ts";
import {
  collectFrom,
  file,
  folder,
  link,
  program,
  type Things,
  temporaryFolder,
  temporaryStore,
  writeThings,
} from "./world.ts";

const THINGS: Things = {
  "a-b": file("one"),
  "a/b": file("two"),
  c: folder,
  "c.d": link("a/b"),
  e: program("three"),
  "f/g/h": file("four"),
};
const FILES = 4;

/** Collects as a command does: with the index of the last time, leaving one for the next. */
function collectOnce(store: Store, source: string): ReturnType<typeof collect> {
  const seen = collectFrom(store, source, { index: readIndex(store, "shop", source) });
  const about = {
    project: "shop",
    version: null,
    avoid: [],
    elsewhere: [],
    source: { from: ".", commit: null, mergedOnto: null },
  };
  const manifest = recordRelease(store, { ...about, entries: seen.entries }, new Date());
  if (seen.read > 0) writeIndex(store, source, manifest, seen.found, seen.seenAt);
  return seen;
}

/** A source whose files are old enough for their looks to be trusted. */
async function settledSource(things = THINGS): Promise<string> {
  const source = writeThings(temporaryFolder(), things);
  // A whole second, which can be set again to the last digit.
  for (const [path, { kind }] of Object.entries(things))
    if (kind === "file") utimesSync(join(source, path), 1000, 1000);
  const young = (path: string) => lstatSync(join(source, path)).ctimeMs;
  const youngest = Math.max(...Object.keys(things).map(young));
  while (Date.now() < youngest + 60) await sleep(5);
  return source;
}

async function collectedSource(things = THINGS) {
  const [store, source] = [temporaryStore(), await settledSource(things)];
  return { store, source, first: collectOnce(store, source) };
}

describe("a file that looks as it did", () => {
  test("isn't read again, and nothing else of the release changes", async () => {
    const { store, source, first } = await collectedSource();
    expect(first.read).toBe(FILES);
    const second = collectOnce(store, source);
    expect(second.read).toBe(0);
    expect(second.entries).toEqual(first.entries);
  });

  test("isn't read again because others come, change or go", async () => {
    const { store, source } = await collectedSource();
    writeThings(source, { "a/a": file("new"), z: file("new") });
    appendFileSync(join(source, "e"), "!");
    rmSync(join(source, "f"), { recursive: true });
    const second = collectOnce(store, source);
    expect(second.read).toBe(3);
    const fresh = collectFrom(temporaryStore(), source).entries.map((entry) => ({ ...entry, mtime: 0 }));
    expect(second.entries.map((entry) => ({ ...entry, mtime: 0 }))).toEqual(fresh);
  });

  test("isn't trusted if it was written at the moment in which it was looked at", () => {
    const [store, source] = [temporaryStore(), temporaryFolder()];
    writeFileSync(join(source, "racy"), "one");
    collectOnce(store, source);
    expect(collectOnce(store, source).read).toBe(1);
  });

  test("isn't trusted if its time lies in the future", async () => {
    const [store, source] = [temporaryStore(), await settledSource()];
    const tomorrow = Date.now() / 1000 + 86_400;
    utimesSync(join(source, "e"), tomorrow, tomorrow);
    collectOnce(store, source);
    expect(collectOnce(store, source).read).toBe(1);
  });
});

describe("a file is read again", () => {
  const changes: [string, (path: string) => void][] = [
    ["if it has another content of the same size and time", (path) => rewriteSecretly(path)],
    ["if another one with its size and time was renamed into its place", (path) => replaceSecretly(path)],
    ["if it became executable", (path) => chmodSync(path, 0o755)],
    ["if it was only touched", (path) => utimesSync(path, 5, 5)],
  ];
  test.each(changes)("%s", async (_, change) => {
    const { store, source } = await collectedSource();
    change(join(source, "a/b"));
    const second = collectOnce(store, source);
    expect(second.read).toBe(1);
    const fresh = collectFrom(temporaryStore(), source).entries.map((entry) => ({ ...entry, mtime: 0 }));
    expect(second.entries.map((entry) => ({ ...entry, mtime: 0 }))).toEqual(fresh);
  });
});

describe("an index", () => {
  test("is of one source folder and one project", async () => {
    const { store, source } = await collectedSource();
    expect(readIndex(store, "shop", source)?.entries).toHaveLength(6);
    expect(readIndex(store, "other", source)).toBe(null);
    expect(readIndex(store, "shop", `${source}/a`)).toBe(null);
  });

  test("counts for nothing once its release is gone", async () => {
    const { store, source } = await collectedSource();
    rmSync(join(store.dir, "releases"), { recursive: true });
    store.known.clear();
    expect(readIndex(store, "shop", source)).toBe(null);
  });
});

function rewriteSecretly(path: string): void {
  const { atime, mtime } = statSync(path);
  writeFileSync(path, "TWO");
  utimesSync(path, atime, mtime);
}

function replaceSecretly(path: string): void {
  const { atime, mtime } = statSync(path);
  writeFileSync(`${path}.new`, "TWO");
  utimesSync(`${path}.new`, atime, mtime);
  renameSync(`${path}.new`, path);
}
