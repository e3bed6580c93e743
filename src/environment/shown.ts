import { type JournalRecord, readRecords } from "./journal.ts";
import { isSide, type Side } from "./sides.ts";
import type { Site } from "./site.ts";

/** A side's pointer moved to a release at some moment between these two, in milliseconds. */
interface Move {
  side: Side;
  release: string;
  from: number;
  to: number;
}

/** The release that a side showed all the time between two moments; null where the journal doesn't know of one. */
export type Shown = (side: string, from: number, to: number) => string | null;

export function readShown(site: Site): Shown {
  return shownBy(readRecords(site));
}

export function shownBy(records: JournalRecord[]): Shown {
  const moves = movesOf(records);
  return (side, from, to) => {
    if (!isSide(side)) return null;
    const known = moves.filter((move) => move.side === side && move.from <= to);
    // All that may have been: the last one that is over, and those that may fall into this time.
    const last = known.findLastIndex((move) => move.to < from);
    const releases = new Set(known.slice(Math.max(last, 0)).map(({ release }) => release));
    return last !== -1 && releases.size === 1 ? [...releases][0]! : null;
  };
}

function movesOf(records: JournalRecord[]): Move[] {
  const operations = new Map<string, JournalRecord[]>();
  for (const record of records) {
    operations.set(record.id, [...(operations.get(record.id) ?? []), record]);
  }
  return [...operations.values()].flatMap(movesOfOne);
}

/** A step's record is written right after it, and its pointer moves no earlier than the record before. */
function movesOfOne(records: JournalRecord[]): Move[] {
  const [begin] = records;
  if (begin?.event !== "begin") return [];
  const end = records.find((record) => record.event === "end");
  const atOf = (index: number) =>
    records.find((record) => record.event === "step" && record.index === index)?.at;
  return begin.steps.flatMap((step, index) => {
    if (step.do !== "point") return [];
    const [before, done] = [atOf(index - 1) ?? begin.at, atOf(index)];
    const hasBeen = done !== undefined || !end || end.outcome === "done" || end.outcome === "finished";
    if (!hasBeen) return [];
    const over = done ?? end?.at;
    const to = over === undefined ? Number.POSITIVE_INFINITY : Date.parse(over);
    return [{ side: step.side, release: step.release, from: Date.parse(before), to }];
  });
}
