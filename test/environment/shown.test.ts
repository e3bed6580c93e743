import { describe, expect, test } from "vitest";
import type { JournalRecord, Outcome } from "../../src/environment/journal.ts";
import { shownBy } from "../../src/environment/shown.ts";

const at = (second: number) => new Date(Date.UTC(2026, 10, 21, 9, 0, second)).toISOString();
const ms = (second: number) => Date.parse(at(second));

/** A staging that began at a second, and moved the side's pointer in the second after that. */
function staging(begun: number, release: string, outcome: Outcome | null = "done", moved = true) {
  const id = release + begun;
  const steps = [
    { do: "tree", release, recycle: null } as const,
    { do: "point", side: "blue", release } as const,
  ];
  const records: JournalRecord[] = [
    { event: "begin", id, at: at(begun), by: "", operation: "stage", detail: {}, steps },
    { event: "step", id, at: at(begun + 1), index: 0 },
  ];
  if (moved) records.push({ event: "step", id, at: at(begun + 1), index: 1 });
  if (outcome) records.push({ event: "end", id, at: at(begun + 2), outcome });
  return records;
}

const shownAt = (records: JournalRecord[], second: number) =>
  shownBy(records)("blue", ms(second), ms(second) + 999);

describe("what a side showed", () => {
  const records = [...staging(10, "1"), ...staging(20, "2")];

  test.each([
    ["nothing that is known, before the journal", 5, null],
    ["one of two, in the second in which it moved", 11, null],
    ["the first release after that", 12, "1"],
    ["the first until the second comes", 20, "1"],
    ["one of two, when that came", 21, null],
    ["the second ever since", 59, "2"],
  ])("is %s", (_, second, release) => {
    expect(shownAt(records, second)).toBe(release);
  });

  test("is of that side alone", () => {
    expect(shownBy(records)("green", ms(30), ms(30))).toBe(null);
    expect(shownBy(records)("", ms(30), ms(30))).toBe(null);
  });

  test("is what it was where a staging failed before the pointer moved, or was undone", () => {
    for (const outcome of ["failed", "undone"] as const) {
      expect(shownAt([...records, ...staging(30, "3", outcome, false)], 40)).toBe("2");
    }
  });

  test("is the new one where a staging failed after that, or a later run finished it", () => {
    expect(shownAt([...records, ...staging(30, "3", "failed")], 40)).toBe("3");
    const finished = [...records, ...staging(30, "3", "finished", false)];
    expect([31, 33].map((second) => shownAt(finished, second))).toEqual([null, "3"]);
  });

  test("isn't known where a run died, until the next one has ended that", () => {
    const died = [...records, ...staging(30, "3", null, false)];
    expect([30, 40].map((second) => shownAt(died, second))).toEqual(["2", null]);
  });

  test("is known where the same release was staged again", () => {
    expect(shownAt([...records, ...staging(30, "2")], 31)).toBe("2");
  });
});
