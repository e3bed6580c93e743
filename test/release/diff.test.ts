import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diff } from "../../src/release/diff.ts";
import { identityOf } from "../../src/release/manifest.ts";
import { entriesOf, entryOf, file, link, program, trees } from "./world.ts";

describe("the difference of two releases", () => {
  test("is what must go and come, and nothing that both have", () => {
    fc.assert(
      fc.property(trees, trees, (a, b) => {
        const [before, after] = [entriesOf(a), entriesOf(b)];
        const { removed, added } = diff(before, after);
        const gone = new Set(removed.map(identityOf));
        const kept = before.map(identityOf).filter((one) => !gone.has(one));
        expect([...kept, ...added.map(identityOf)].sort()).toEqual(after.map(identityOf).sort());
        const wanted = new Set(after.map(identityOf));
        expect(removed.map(identityOf).filter((one) => wanted.has(one))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test("of two equal releases is empty, whatever their files' times", () => {
    const things = { a: file("one"), "b/c": link("../a") };
    const young = Object.entries(things).map(([path, thing]) => entryOf(path, thing, 9999));
    expect(diff(entriesOf(things), young)).toEqual({ removed: [], added: [] });
  });

  test("holds a file that became executable in both lists", () => {
    const [before, after] = [entriesOf({ a: file("one") }), entriesOf({ a: program("one") })];
    expect(diff(before, after)).toEqual({ removed: before, added: after });
  });
});
