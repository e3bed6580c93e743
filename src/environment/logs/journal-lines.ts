import { type JournalRecord, parseRecord, readRecords } from "../journal.ts";
import type { Site } from "../site.ts";
import type { LogLine } from "./log-lines.ts";

/** What a line of the journal tells, for people: that an operation begins, and what became of it. */
export function describeRecord(site: Site): (line: string) => LogLine | null {
  const names = new Map<string, string>();
  const nameOf = (id: string) => {
    // The end of an operation whose beginning was read long ago.
    if (!names.has(id)) for (const record of readRecords(site)) learn(record);
    return names.get(id) ?? "an operation";
  };
  const learn = (record: JournalRecord) => {
    if (record.event === "begin") names.set(record.id, nameIn(record));
  };
  return (line) => {
    const record = parseRecord(line);
    if (!record || record.event === "step") return null;
    learn(record);
    const text =
      record.event === "begin" ? `${nameIn(record)}, by ${record.by}` : endOf(record, nameOf(record.id));
    return { at: record.at, source: "journal", text };
  };
}

function nameIn({ operation, detail }: Extract<JournalRecord, { event: "begin" }>): string {
  return "share" in detail ? `${operation} ${String(detail.share)} %` : operation;
}

function endOf({ outcome, live, error }: Extract<JournalRecord, { event: "end" }>, name: string): string {
  return [`${name}: ${outcome}`, ...(live ? [`${live} is live`] : []), ...(error ? [error] : [])].join(", ");
}
