import { closeSync } from "node:fs";
import { join } from "node:path";
import { readShown, type Shown } from "../shown.ts";
import { at, type Site } from "../site.ts";
import { listNames } from "../state.ts";
import { describeRequest, parseRequest } from "./access-log.ts";
import { describeRecord } from "./journal-lines.ts";
import { type Cursor, endOfLines, openLog, type Read, readBeginning, readOn, tailOf } from "./log-file.ts";
import { timesOf } from "./log-times.ts";

/** A line of any log of an environment. */
export interface LogLine {
  at: string;
  /** `journal`, `access`, `error`, `task-NAME`, or a process and its side. */
  source: string;
  text: string;
}

export type Cursors = Record<string, Cursor>;

export interface Lines {
  /** Of all logs, in the order of time. */
  lines: LogLine[];
  /** For whoever wants to read on. */
  cursors: Cursors;
  /** There was more than is told at once. */
  more: boolean;
}

/** The last lines of all logs; or, with cursors, what was added to any of them since then. */
export function readLines(site: Site, last: number, before: Cursors | null): Lines {
  const describe = describerOf(site);
  // One that is moved aside just now has no name for a moment.
  const names = new Set([...namesOf(site), ...Object.keys(before ?? {}).filter(isLog)]);
  const found = [...names].map((name) => {
    const { lines, written, ...rest } = readOne(at.log(site, name), last, before, before?.[name]);
    const times = timesOf(lines, written);
    return { name, ...rest, lines: lines.flatMap((line, i) => describe(name, line, times[i]!) ?? []) };
  });
  const merged = mergeByTime(found.map(({ lines }) => lines));
  return {
    lines: before ? merged : merged.slice(-last),
    cursors: Object.fromEntries(found.flatMap(({ name, cursor }) => (cursor ? [[name, cursor]] : []))),
    more: found.some(({ more }) => more),
  };
}

function readOne(path: string, last: number, before: Cursors | null, cursor: Cursor | undefined) {
  if (!before) return readTail(path, last);
  // What has just been added was written just now.
  return { ...(cursor ? readOn(path, cursor) : readNew(path)), written: Date.now() };
}

/** Lists that are each in order, as one: no list's own order is changed, whatever its clocks say. */
export function mergeByTime<T extends { at: string }>(lists: T[][]): T[] {
  const timed = lists.flatMap((list) => {
    let latest = "";
    return list.map((line) => {
      latest = line.at > latest ? line.at : latest;
      return { line, latest };
    });
  });
  return timed
    .sort((a, b) => (a.latest < b.latest ? -1 : a.latest > b.latest ? 1 : 0))
    .map(({ line }) => line);
}

/** The logs that are written now, not those moved aside. */
function namesOf(site: Site): string[] {
  return listNames(join(site.dir, "log")).filter(isLog);
}

function isLog(name: string): boolean {
  return /^[\w.-]+\.log$|^journal\.jsonl$/.test(name);
}

function readNew(path: string): Read {
  const cursor = readBeginning(path);
  return cursor ? readOn(path, cursor) : { lines: [], cursor: null, more: false };
}

function readTail(path: string, count: number): Read & { written: number } {
  const log = openLog(path);
  if (!log) return { lines: [], cursor: null, more: false, written: 0 };
  try {
    const end = endOfLines(log);
    const cursor = { file: log.id, offset: end };
    return { lines: tailOf(log, end, count), cursor, more: false, written: log.mtime };
  } finally {
    closeSync(log.fd);
  }
}

type Describe = (name: string, line: string, time: number) => LogLine | null;

function describerOf(site: Site): Describe {
  let shown: Shown | null = null;
  const journal = describeRecord(site);
  return (name, line, time) => {
    const moment = new Date(time).toISOString();
    if (name === "journal.jsonl") return journal(line);
    if (name !== "access.log") return { at: moment, source: name.slice(0, -".log".length), text: line };
    shown ??= readShown(site);
    const request = parseRequest(line, shown);
    return request && { at: moment, source: "access", text: describeRequest(request) };
  };
}
