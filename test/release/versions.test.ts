import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isName } from "../../src/names.ts";
import { lastVersion, nextVersion } from "../../src/release/versions.ts";

const noon = new Date(2026, 10, 21, 12);

describe("the next version", () => {
  test("is the day and the number after the highest one of that day", () => {
    expect(nextVersion([], noon)).toBe("2026.11.21.1");
    expect(nextVersion(["2026.11.21.1", "2026.11.21.9", "2026.11.21.10"], noon)).toBe("2026.11.21.11");
    expect(nextVersion(["2026.11.20.7", "2026.11.2.7", "v1.2", "2026.11.21.x", "2026.11.21.3.4"], noon)).toBe(
      "2026.11.21.1",
    );
  });

  test("is of the day in local time, with two digits for month and day", () => {
    expect(nextVersion([], new Date(2027, 0, 2, 0, 0, 1))).toBe("2027.01.02.1");
    expect(nextVersion([], new Date(2027, 11, 31, 23, 59, 59))).toBe("2027.12.31.1");
  });

  test("counts on from the last one", () => {
    expect(lastVersion(["2026.11.21.1", "2026.11.21.9", "2026.11.21.10", "v1"], noon)).toBe("2026.11.21.10");
    expect(isName(lastVersion([], noon))).toBe(true);
  });

  test("is always a free name, whatever people have called their releases", () => {
    const number = fc.oneof(
      fc.nat().map(String),
      fc.constantFrom("007", "99999999999999999999", "1e9", `${10n ** 24n}`, "9007199254740992"),
    );
    const taken = fc.array(
      number.map((n) => `2026.11.21.${n}`),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(taken, (versions) => {
        const next = nextVersion(versions, noon);
        expect(versions).not.toContain(next);
        expect(isName(next)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
