import { appendFileSync, mkdirSync, readFileSync, statSync, truncateSync } from "node:fs";
import { dirname } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  appendJournal,
  type JournalRecord,
  liveHistory,
  readJournal,
  readLastEntry,
} from "../../src/environment/journal.ts";
import { at, type Site, siteOf } from "../../src/environment/site.ts";
import { temporaryFolder } from "../release/world.ts";

function newSite(): Site {
  const site = siteOf(temporaryFolder(), "shop", "production");
  mkdirSync(dirname(at.journal(site)), { recursive: true });
  return site;
}

const now = "2026-11-21T09:00:00Z";
const begin = (id: string): JournalRecord => ({
  event: "begin",
  id,
  at: now,
  by: "somebody@here",
  operation: "switch",
  detail: {},
  steps: [{ do: "previews" }],
});
const end = (id: string, live?: string): JournalRecord => ({
  event: "end",
  id,
  at: now,
  outcome: "done",
  live,
});

function write(site: Site, ...records: JournalRecord[]): void {
  for (const record of records) appendJournal(site, record, false);
}

describe("a journal", () => {
  test("that isn't there yet holds nothing", () => {
    const site = newSite();
    expect(readJournal(site)).toEqual({ entries: [], torn: 0 });
    expect(readLastEntry(site)).toBe(null);
  });

  test("tells operations oldest first, each with its end", () => {
    const site = newSite();
    write(site, begin("a"), { event: "step", id: "a", at: now, index: 0 }, end("a", "1"), begin("b"));
    expect(readJournal(site).entries).toEqual([
      { begin: begin("a"), end: end("a", "1") },
      { begin: begin("b"), end: null },
    ]);
    expect(readLastEntry(site)).toEqual({ begin: begin("b"), end: null });
  });

  test("goes on after a torn last line, at whatever byte it was torn", () => {
    const whole = `${JSON.stringify(end("b", "2"))}\n`;
    for (let cut = 1; cut < whole.length; cut++) {
      const site = newSite();
      write(site, begin("a"), end("a", "1"), begin("b"), end("b", "2"));
      truncateSync(at.journal(site), readFileSync(at.journal(site)).length - cut);
      expect(readLastEntry(site)?.begin).toEqual(begin("b"));
      write(site, begin("c"), end("c", "3"));
      const { entries, torn } = readJournal(site);
      expect(entries.map((entry) => entry.begin.id === "b" || entry.end !== null)).toEqual([
        true,
        true,
        true,
      ]);
      expect(entries.at(-1)).toEqual({ begin: begin("c"), end: end("c", "3") });
      // Only the line's end was lost: then it is whole, and nothing is torn.
      expect(torn).toBe(cut === 1 ? 0 : 1);
      expect(liveHistory(entries)).toEqual(cut === 1 ? ["1", "2", "3"] : ["1", "3"]);
    }
  });

  test("forgets a torn beginning, for nothing was done after it", () => {
    const site = newSite();
    write(site, begin("a"), end("a", "1"));
    appendFileSync(at.journal(site), JSON.stringify(begin("b")).slice(0, 40));
    expect(readLastEntry(site)).toEqual({ begin: begin("a"), end: end("a", "1") });
  });

  test("is read past any garbage, which it counts", () => {
    const line = fc.oneof(
      fc.string().filter((text) => text.trim() !== "" && !text.includes("\n")),
      fc.constantFrom("null", "5", "[]", '"text"', "{}", '{"id":5}', "\u0000\u0000", "{", '{"event":"end"}'),
      fc.json().filter((text) => !text.includes('"id":"')),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
        const site = newSite();
        write(site, begin("a"));
        appendFileSync(at.journal(site), lines.map((text) => `${text}\n`).join(""));
        write(site, end("a", "1"));
        expect(readJournal(site)).toEqual({
          entries: [{ begin: begin("a"), end: end("a", "1") }],
          torn: lines.length,
        });
      }),
      { numRuns: 100 },
    );
  });

  test("gives its last operation also when it is very long", () => {
    const site = newSite();
    const long = "é".repeat(1000);
    for (let i = 0; i < 300; i++) write(site, begin(`old-${i}-${long}`), end(`old-${i}-${long}`));
    write(site, begin("last"));
    expect(readLastEntry(site)).toEqual({ begin: begin("last"), end: null });
    expect(readJournal(site).entries).toHaveLength(301);
    expect(readJournal(site).torn).toBe(0);
  });

  test("isn't for others to read", () => {
    const site = newSite();
    write(site, begin("a"));
    expect(statSync(at.journal(site)).mode & 0o777).toBe(0o640);
  });
});

test("history is every release that went live, in order, as often as it did", () => {
  const entries = [
    ["a", "1"],
    ["b", undefined],
    ["c", "2"],
    ["d", "1"],
  ].map(([id, live]) => ({
    begin: begin(id!) as never,
    end: end(id!, live) as never,
  }));
  expect(liveHistory([...entries, { begin: begin("e") as never, end: null }])).toEqual(["1", "2", "1"]);
});

test("a rollback goes back in the history: what was live after its release is no longer before it", () => {
  const entries = (
    [
      ["switch", "1"],
      ["switch", "2"],
      ["switch", "3"],
      ["rollback", "1"],
    ] as const
  ).map(([operation, live], i) => ({
    begin: { ...begin(String(i)), operation } as never,
    end: end(String(i), live) as never,
  }));
  expect(liveHistory(entries)).toEqual(["1"]);
  expect(liveHistory(entries.slice(0, 3))).toEqual(["1", "2", "3"]);
});
