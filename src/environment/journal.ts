import { closeSync, fstatSync, fsyncSync, openSync, readSync } from "node:fs";
import { orNull, writeAll } from "../disk/durable.ts";
import { placeTaken } from "../disk/obstacle.ts";
import { at, type Site } from "./site.ts";
import type { Step } from "./steps.ts";

export type Outcome = "done" | "failed" | "finished" | "undone";

export type JournalRecord =
  | { event: "begin"; id: string; at: string; by: string; operation: string; detail: object; steps: Step[] }
  | { event: "step"; id: string; at: string; index: number }
  | {
      event: "end";
      id: string;
      at: string;
      outcome: Outcome;
      /** What is live now, where the operation changed that. */
      live?: string;
      error?: string;
      warnings?: string[];
    };

/** An operation as the journal tells it. */
export interface Entry {
  begin: Extract<JournalRecord, { event: "begin" }>;
  end: Extract<JournalRecord, { event: "end" }> | null;
}

// Enough for the last operation of a server that has many tasks and steps.
const TAIL = 256 * 1024;

export function appendJournal(site: Site, record: JournalRecord, sync: boolean): void {
  const fd = openSync(at.journal(site), "a+", 0o640);
  try {
    // A torn last line stays as it is; what comes after it starts on a line of its own.
    writeAll(fd, Buffer.from(`${endsTorn(fd) ? "\n" : ""}${JSON.stringify(record)}\n`));
    if (sync) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The operations, oldest first. */
export function readJournal(site: Site): { entries: Entry[]; torn: number } {
  return parse(readFrom(site, Number.POSITIVE_INFINITY));
}

/** All that is in it, as it was written. */
export function readRecords(site: Site): JournalRecord[] {
  const lines = readFrom(site, Number.POSITIVE_INFINITY).split("\n");
  return lines.map(parseRecord).filter((record) => record !== null);
}

export function readLastEntry(site: Site): Entry | null {
  return parse(readFrom(site, TAIL)).entries.at(-1) ?? null;
}

/** What made live what is live, as far as the end of the journal tells. */
export function readLastMove(site: Site): Entry | null {
  return parse(readFrom(site, TAIL)).entries.findLast(({ end }) => end?.live) ?? null;
}

/**
 * The releases that were live, oldest first, as far as the journal goes back. A rollback goes back in it: what had
 * been live after its release was left behind, and no later rollback may lead forward to it.
 */
export function liveHistory(entries: Entry[]): string[] {
  const history: string[] = [];
  for (const { begin, end } of entries) {
    if (!end?.live) continue;
    // On a server that came later: what was live on the others before.
    if (begin.operation === "join") history.push(...pastOf(begin));
    const back = begin.operation === "rollback" ? history.lastIndexOf(end.live) : -1;
    if (back !== -1) history.length = back;
    if (history.at(-1) !== end.live) history.push(end.live);
  }
  return history;
}

/** Whether visitors have seen a release, here or, before this server was there, on others. */
export function wasLive(entries: Entry[], release: string): boolean {
  return entries.some(({ begin, end }) => end?.live === release || (end && pastOf(begin).includes(release)));
}

function pastOf({ operation, detail }: Entry["begin"]): string[] {
  return operation === "join" ? (detail as { history: string[] }).history : [];
}

function parse(text: string): { entries: Entry[]; torn: number } {
  const entries = new Map<string, Entry>();
  let torn = 0;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const record = parseRecord(line);
    if (!record) torn += 1;
    else if (record.event === "begin") entries.set(record.id, { begin: record, end: null });
    else if (record.event === "end") {
      const entry = entries.get(record.id);
      if (entry) entry.end = record;
    }
  }
  return { entries: [...entries.values()], torn };
}

export function parseRecord(line: string): JournalRecord | null {
  try {
    const record = JSON.parse(line) as JournalRecord;
    return typeof record?.id === "string" ? record : null;
  } catch {
    return null;
  }
}

function readFrom(site: Site, limit: number): string {
  const fd = orNull(() => openSync(at.journal(site), "r"), "ENOENT");
  if (fd === null) return "";
  try {
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw placeTaken(at.journal(site), "file", null);
    const { size } = stat;
    const bytes = Buffer.alloc(Math.min(size, limit));
    const got = readSync(fd, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8", 0, got);
  } finally {
    closeSync(fd);
  }
}

function endsTorn(fd: number): boolean {
  const { size } = fstatSync(fd);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  return last[0] !== 0x0a;
}
