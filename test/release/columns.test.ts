import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOf } from "../../src/release/columns.ts";
import { entriesOf, entryOf, file, folder, link, program, trees } from "./world.ts";

describe("a release's digest", () => {
  test("is equal exactly for trees that can't be told apart", () => {
    fc.assert(
      fc.property(trees, trees, (a, b) => {
        const same = JSON.stringify(entriesOf(a)) === JSON.stringify(entriesOf(b));
        expect(digestOf(entriesOf(a)) === digestOf(entriesOf(b))).toBe(same);
      }),
      { numRuns: 500 },
    );
  });

  test("tells kinds, modes and targets apart, and doesn't look at times", () => {
    const things = [file("z"), program("z"), link("z"), link("y"), folder];
    const digests = things.map((thing) => digestOf([entryOf("a", thing)]));
    expect(new Set(digests).size).toBe(things.length);
    expect(digestOf([entryOf("a", file("z"), 5)])).toBe(digests[0]);
  });

  test("can't be fooled by newlines in names", () => {
    const sneaky = `a\0f${"0".repeat(64)}\nb`;
    const pair = [entryOf("a", file("")), entryOf("b", file(""))];
    expect(digestOf([entryOf(sneaky.replaceAll("\0", "0"), file(""))])).not.toBe(digestOf(pair));
  });
});
