/** The moment that a line of a log names at its beginning, in milliseconds; null where it names none. */
export function timeIn(line: string): number | null {
  if (line.startsWith("{")) return timeInJson(line);
  const [, day, month, year, clock] = PHP.exec(line) ?? [];
  if (day) return numberOr(Date.parse(`${day} ${month} ${year} ${clock} UTC`));
  const [, date, time, zone = ""] = USUAL.exec(line) ?? [];
  // Without a zone it is the one of the machine, as nginx has it.
  return date ? numberOr(Date.parse(`${date.replaceAll("/", "-")}T${time!.replace(",", ".")}${zone}`)) : null;
}

const USUAL = /^\[?(\d{4}[-/]\d\d[-/]\d\d)[T ](\d\d:\d\d:\d\d(?:[.,]\d{1,9})?) ?(Z|[+-]\d\d:?\d\d)?/;
const PHP = /^\[(\d\d)-([A-Z][a-z]{2})-(\d{4}) (\d\d:\d\d:\d\d) UTC\]/;

/** As bunyan, pino and others write it. */
function timeInJson(line: string): number | null {
  try {
    const { time, timestamp, ts, at } = JSON.parse(line) as Record<string, unknown>;
    const named = time ?? timestamp ?? ts ?? at;
    if (typeof named === "string") return numberOr(Date.parse(named));
    if (typeof named !== "number") return null;
    return numberOr(named < SECONDS ? named * 1000 : named);
  } catch {
    return null;
  }
}

/** What is smaller counts seconds. */
const SECONDS = 1e11;

function numberOr(time: number): number | null {
  return Number.isFinite(time) ? time : null;
}

/**
 * A moment for each line. One that names none came right after the one before it; those before the first that does
 * are as old as that; where none does, `written` is all that is known.
 */
export function timesOf(lines: string[], written: number): number[] {
  const named = lines.map(timeIn);
  let last = named.find((time) => time !== null) ?? written;
  return named.map((time) => {
    last = time ?? last;
    return last;
  });
}
