import { appendFileSync, mkdirSync, renameSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Cursors, mergeByTime, readLines } from "../../../src/environment/logs/log-lines.ts";
import { timesOf } from "../../../src/environment/logs/log-times.ts";
import { type Site, siteOf } from "../../../src/environment/site.ts";
import { temporaryFolder } from "../../release/world.ts";

function makeSite(): { site: Site; path(name: string): string } {
  const site = siteOf(temporaryFolder(), "shop", "production");
  mkdirSync(join(site.dir, "log"), { recursive: true });
  return { site, path: (name) => join(site.dir, "log", name) };
}

const textsOf = (lines: { text: string }[]) => lines.map(({ text }) => text);

test("all logs come as one, in the order of time", () => {
  const { site, path } = makeSite();
  writeFileSync(
    path("web.blue.log"),
    "2026-11-21T10:00:01Z one\n    at a stack\n2026-11-21T10:00:05Z five\n",
  );
  writeFileSync(
    path("task-warm.log"),
    '{"time":1795255202000,"msg":"two"}\n{"time":1795255204000,"msg":"four"}\n',
  );
  const journal = [
    {
      event: "begin",
      id: "a",
      at: "2026-11-21T10:00:03Z",
      by: "me@laptop",
      operation: "canary",
      detail: { share: 5 },
      steps: [],
    },
    { event: "step", id: "a", at: "2026-11-21T10:00:03.500Z", index: 0 },
    { event: "end", id: "a", at: "2026-11-21T10:00:06Z", outcome: "done", live: "v2" },
  ];
  writeFileSync(path("journal.jsonl"), `${journal.map((one) => JSON.stringify(one)).join("\n")}\n`);
  const { lines } = readLines(site, 20, null);
  expect(lines.map(({ source, text }) => `${source}: ${text}`)).toEqual([
    "web.blue: 2026-11-21T10:00:01Z one",
    "web.blue:     at a stack",
    'task-warm: {"time":1795255202000,"msg":"two"}',
    "journal: canary 5 %, by me@laptop",
    'task-warm: {"time":1795255204000,"msg":"four"}',
    "web.blue: 2026-11-21T10:00:05Z five",
    "journal: canary 5 %: done, v2 is live",
  ]);
  expect(textsOf(readLines(site, 2, null).lines)).toEqual(textsOf(lines.slice(-2)));
});

test("lines without a time are as old as the one before, or as the log", () => {
  const noon = Date.parse("2026-11-21T12:00:00Z");
  expect(timesOf(["plain", "[2026-11-21T12:00:00Z] x", "  y", "[21-Nov-2026 12:00:01 UTC] PHP"], 7)).toEqual([
    noon,
    noon,
    noon,
    noon + 1000,
  ]);
  expect(timesOf(["plain", "{torn"], 7)).toEqual([7, 7]);
  const { site, path } = makeSite();
  writeFileSync(path("web.blue.log"), "plain\n");
  utimesSync(path("web.blue.log"), noon / 1000, noon / 1000);
  expect(readLines(site, 9, null).lines[0]!.at).toBe(new Date(noon).toISOString());
});

test("no list's own order is changed by its clock", () => {
  const merged = mergeByTime([
    [
      { at: "3", x: "a" },
      { at: "1", x: "b" },
    ],
    [{ at: "2", x: "c" }],
  ]);
  expect(merged.map(({ x }) => x)).toEqual(["c", "a", "b"]);
});

test("who reads on gets every line once: torn ones when they are whole, also of logs that were moved aside", () => {
  const { site, path } = makeSite();
  const told: string[] = [];
  let cursors: Cursors | null = null;
  const read = () => {
    for (;;) {
      const got = readLines(site, 2, cursors);
      told.push(...textsOf(got.lines));
      cursors = got.cursors;
      if (!got.more) return;
    }
  };
  writeFileSync(path("web.blue.log"), "old\n1\n2\n3");
  read();
  appendFileSync(path("web.blue.log"), " and more\n4\n");
  read();
  appendFileSync(path("web.blue.log"), "5\n");
  renameSync(path("web.blue.log"), path("web.blue.log.1"));
  read();
  writeFileSync(path("web.blue.log"), "6\n");
  read();
  renameSync(path("web.blue.log.1"), path("web.blue.log.2"));
  appendFileSync(path("web.blue.log"), "7\n");
  renameSync(path("web.blue.log"), path("web.blue.log.1"));
  writeFileSync(path("web.blue.log"), "8\n");
  writeFileSync(path("task-warm.log"), `${"x".repeat(1000)}\n`.repeat(1000));
  read();
  truncateSync(path("web.blue.log"));
  read();
  appendFileSync(path("web.blue.log"), "9\n");
  read();
  expect(told.filter((line) => !line.startsWith("x"))).toEqual([
    "1",
    "2",
    "3 and more",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
  ]);
  expect(told.filter((line) => line.startsWith("x")).length).toBe(1000);
});
