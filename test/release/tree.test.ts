import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FileEntry } from "../../src/release/manifest.ts";
import { objectPath } from "../../src/release/store.ts";
import { foldersOf, linkObject, turnTree } from "../../src/release/tree.ts";
import {
  CONTENTS,
  entriesOf,
  entryOf,
  file,
  folder,
  keepContents,
  link,
  program,
  readTree,
  releaseTree,
  type Things,
  temporaryFolder,
  temporaryStore,
  trees,
} from "./world.ts";

const silent = () => {};
/** A release is never empty, so a tree that held nothing is one that is still to be made. */
const inhabited = trees.filter((things) => Object.keys(things).length > 0);

describe("turning a tree", () => {
  test("makes exactly the other one of any tree, and leaves a third that shares its contents alone", () => {
    const store = temporaryStore();
    keepContents(store, CONTENTS);
    const place = temporaryFolder();
    let runs = 0;
    fc.assert(
      fc.property(inhabited, trees, (before, after) => {
        const [dir, neighbour] = [join(place, `tree-${runs}`), join(place, `neighbour-${runs++}`)];
        turnTree(store, dir, [], entriesOf(before), silent);
        turnTree(store, neighbour, [], entriesOf(before), silent);
        expect(readTree(dir)).toEqual(releaseTree(before));
        turnTree(store, dir, entriesOf(before), entriesOf(after), silent);
        expect(readTree(dir)).toEqual(releaseTree(after));
        expect(lstatSync(dir).mode & 0o777).toBe(0o555);
        expect(readTree(neighbour)).toEqual(releaseTree(before));
      }),
      { numRuns: 150 },
    );
    expect(runs).toBeGreaterThanOrEqual(150);
  });

  const turns: [string, Things, Things][] = [
    ["a file into a folder", { a: file("one") }, { "a/b/c": file("two") }],
    ["a folder into a file", { "a/b/c": file("two"), "a/d": folder }, { a: file("one") }],
    ["a folder into a symlink", { "a/b": file("one") }, { a: link("z"), "z/b": file("one") }],
    [
      "a symlink into a folder",
      { a: link("z"), "z/b": file("one") },
      { "a/b": file("one"), "z/b": file("one") },
    ],
    [
      "a symlink to a folder into a file",
      { a: link("z"), "z/b": file("one") },
      { a: file("one"), "z/b": file("one") },
    ],
    [
      "an empty folder into a full one and back",
      { a: folder, "b/c": file("one") },
      { "a/c": file("one"), b: folder },
    ],
    ["a file into a program of the same content", { a: file("one") }, { a: program("one") }],
  ];
  test.each(turns)("turns %s", (_, before, after) => {
    const store = temporaryStore();
    keepContents(store, CONTENTS);
    const dir = join(temporaryFolder(), "tree");
    turnTree(store, dir, [], entriesOf(before), silent);
    turnTree(store, dir, entriesOf(before), entriesOf(after), silent);
    expect(readTree(dir)).toEqual(releaseTree(after));
  });

  test("links each file from the store, and leaves alone what doesn't change", () => {
    const store = temporaryStore();
    keepContents(store, CONTENTS);
    const dir = join(temporaryFolder(), "tree");
    const before = entriesOf({ "a/same": file("one"), "a/other": file("one") });
    turnTree(store, dir, [], before, silent);
    const same = lstatSync(join(dir, "a/same"));
    expect(same.ino).toBe(lstatSync(objectPath(store, before[0] as FileEntry)).ino);
    turnTree(store, dir, before, entriesOf({ "a/same": file("one"), "a/other": file("two") }), silent);
    expect(lstatSync(join(dir, "a/same")).ino).toBe(same.ino);
    expect(lstatSync(join(dir, "a/other")).ino).not.toBe(same.ino);
  });

  test("names the file whose content the store lost", () => {
    const store = temporaryStore();
    keepContents(store, CONTENTS);
    const entry = entryOf("a/b", file("one")) as FileEntry;
    rmSync(objectPath(store, entry));
    const dir = join(temporaryFolder(), "tree");
    expect(() => turnTree(store, dir, [], [entry], silent)).toThrow(
      expect.objectContaining({ code: "VERIFY_FAILED", message: "the store lost the content of a/b" }),
    );
  });

  test("says how far it is on a large tree", () => {
    const store = temporaryStore();
    keepContents(store, CONTENTS);
    const things = Object.fromEntries(Array.from({ length: 5001 }, (_, i) => [`f${i}`, file("one")]));
    const events: unknown[] = [];
    turnTree(store, join(temporaryFolder(), "tree"), [], entriesOf(things), (event) => events.push(event));
    expect(events).toEqual([{ event: "progress", what: "link", done: 5000, total: 5001, unit: "files" }]);
  });
});

describe("a file with as many names as the file system allows", () => {
  test("is copied, with the mode and time of the object", (context) => {
    const store = temporaryStore();
    keepContents(store, CONTENTS);
    const entry = entryOf("a", program("one"), 1000) as FileEntry;
    const dir = temporaryFolder();
    const limit = 70_000;
    let copy: string | null = null;
    for (let i = 0; i < limit && !copy; i++) {
      linkObject(store, entry, join(dir, String(i)));
      if (lstatSync(join(dir, String(i))).nlink === 1) copy = join(dir, String(i));
    }
    if (!copy) return context.skip(`this file system allows more than ${limit} names for a file`);
    const stat = lstatSync(copy);
    expect([stat.mode & 0o777, stat.mtimeMs, stat.size]).toEqual([0o555, 1_000_000, 3]);
    expect(readdirSync(dir).length).toBeGreaterThan(1000);
  });
});

describe("the folders of a release", () => {
  test("are all ancestors of its entries and the empty ones, parents first", () => {
    const entries = entriesOf({
      "a-b": file(""),
      "a/b/c": file(""),
      "a/b/d": file(""),
      "e/f": folder,
      "e/g/h": link("x"),
    });
    expect([...foldersOf(entries)]).toEqual(["a", "a/b", "e", "e/f", "e/g"]);
  });
});
