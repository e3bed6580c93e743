import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDuration } from "../../src/project/durations.ts";
import { nearest } from "../../src/project/suggest.ts";

describe("a duration", () => {
  test.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["2m", 120_000],
    ["1.5h", 5_400_000],
    ["1d", 86_400_000],
    ["0s", 0],
  ])("%s is %d ms", (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each(["", "5", "s", "5 s", "-5s", "5S", "1.s", ".5s", "1e3s", "5s\n", "5sec"])("isn't %j", (text) => {
    expect(parseDuration(text)).toBe(null);
  });

  test("is a whole number of milliseconds, as timers want", () => {
    const number = fc.tuple(fc.nat(10_000), fc.nat(999_999)).map(([whole, part]) => `${whole}.${part}`);
    fc.assert(
      fc.property(number, fc.constantFrom("ms", "s", "m", "h", "d"), (text, unit) => {
        expect(Number.isInteger(parseDuration(text + unit))).toBe(true);
      }),
    );
  });
});

describe("the word that was meant", () => {
  const known = ["storage", "checks", "tasks", "hooks", "environments"];
  test.each([
    ["storge", "storage"],
    ["Storage", "storage"],
    ["storaeg", "storage"],
    ["chekcs", "checks"],
    ["enviroments", "environments"],
    ["task", "tasks"],
  ])("by %s is %s", (word, meant) => expect(nearest(word, known)).toBe(meant));

  test.each(["xyz", "stor", "database"])("by %s is none of them", (word) =>
    expect(nearest(word, known)).toBe(null),
  );

  test("is the word itself where that is known, and none where nothing is", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (words) => {
        const found = nearest(words[0]!, words);
        expect(found?.toLowerCase()).toBe(words[0]!.toLowerCase());
        expect(nearest(words[0]!, [])).toBe(null);
      }),
    );
  });
});
