import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { byPath, type Entry } from "../../src/release/manifest.ts";
import { ancestors, overlay, withLinks } from "../../src/release/merge.ts";
import { entriesOf, file, folder, link, type Things, trees } from "./world.ts";

const paths = (entries: Entry[]) => entries.map(({ path }) => path);
const laid = (base: Things, top: Things) => overlay(entriesOf(base), entriesOf(top));

describe("laying one release over another", () => {
  test("keeps all of the top one, keeps of the base what isn't in its way, and can be built", () => {
    fc.assert(
      fc.property(trees, trees, (base, top) => {
        const merged = laid(base, top);
        expect(merged).toEqual([...merged].sort(byPath));
        const byName = new Map(merged.map((entry) => [entry.path, entry]));
        expect(byName.size).toBe(merged.length);
        const solid = (entries: Entry[]) => entries.filter(({ kind }) => kind !== "folder");
        for (const entry of solid(entriesOf(top))) expect(byName.get(entry.path)).toEqual(entry);
        const tops = new Map(entriesOf(top).map((entry) => [entry.path, entry]));
        for (const entry of solid(entriesOf(base))) {
          const above = ancestors(entry.path).some(
            (path) => tops.has(path) && tops.get(path)!.kind !== "folder",
          );
          const below = [...tops.keys()].some((path) => path.startsWith(`${entry.path}/`));
          if (!above && !below && !tops.has(entry.path)) expect(byName.get(entry.path)).toEqual(entry);
        }
        for (const { path } of merged) for (const up of ancestors(path)) expect(byName.has(up)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  const cases: [string, Things, Things, string[]][] = [
    ["a file takes the place of a file", { a: file("one") }, { a: file("two") }, ["a"]],
    [
      "a file takes the place of a folder",
      { "a/b": file("one"), "a/c/d": folder },
      { a: file("two") },
      ["a"],
    ],
    ["a folder takes the place of a file", { a: file("one") }, { "a/b": file("two") }, ["a/b"]],
    ["a folder takes the place of a symlink", { a: link("z") }, { "a/b": file("two") }, ["a/b"]],
    ["a symlink takes the place of a folder", { "a/b": file("one") }, { a: link("z") }, ["a"]],
    ["an empty folder leaves a full one full", { "a/b": file("one") }, { a: folder }, ["a/b"]],
    ["an empty folder takes the place of a file", { a: file("one") }, { a: folder }, ["a"]],
    ["nothing leaves everything", { a: file("one") }, {}, ["a"]],
  ];
  test.each(cases)("%s", (_, base, top, expected) => {
    expect(paths(laid(base, top))).toEqual(expected);
    for (const [path, thing] of Object.entries(top)) {
      if (thing.kind !== "folder") expect(laid(base, top)).toContainEqual(entriesOf({ [path]: thing })[0]);
    }
  });
});

test("an environment's links take the place of what a release brings there", () => {
  const entries = entriesOf({ "index.html": file("one"), "uploads/a": file("two"), "uploads/b/c": folder });
  const linked = withLinks(entries, [{ path: "uploads", target: "../../storage/uploads" }]);
  expect(linked).toEqual([entries[0], { kind: "link", path: "uploads", target: "../../storage/uploads" }]);
});
