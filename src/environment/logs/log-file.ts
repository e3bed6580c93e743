import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { orNull } from "../../disk/durable.ts";
import { placeTaken } from "../../disk/obstacle.ts";

/** Up to where a log was read: a file, whatever it is called by now, and an offset in it. */
export interface Cursor {
  file: string;
  offset: number;
}

export interface OpenLog {
  fd: number;
  size: number;
  mtime: number;
  /** The same also where it was moved aside. */
  id: string;
}

/** Null where there is none. Close it. */
export function openLog(path: string): OpenLog | null {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const fd = orNull(() => openSync(path, flags), "ENOENT", "ENOTDIR");
  if (fd === null) return null;
  const stat = fstatSync(fd);
  if (stat.isFile()) return { fd, size: stat.size, mtime: stat.mtimeMs, id: `${stat.dev}:${stat.ino}` };
  closeSync(fd);
  throw placeTaken(path, "file", null);
}

const CHUNK = 64 * 1024;

/** The last lines before `end`. */
export function tailOf({ fd }: OpenLog, end: number, count: number): string[] {
  const chunks: Buffer[] = [];
  let [start, ends] = [end, 0];
  while (start > 0 && ends <= count) {
    const chunk = Buffer.alloc(Math.min(CHUNK, start));
    start -= chunk.length;
    readSync(fd, chunk, 0, chunk.length, start);
    chunks.unshift(chunk);
    for (let i = chunk.indexOf(10); i !== -1; i = chunk.indexOf(10, i + 1)) ends += 1;
  }
  return linesOf(Buffer.concat(chunks)).slice(-count);
}

/** Where the last line begins that isn't whole yet; the end, if that one is longer than anybody writes. */
export function endOfLines({ fd, size }: OpenLog): number {
  const last = Buffer.alloc(Math.min(CHUNK, size));
  const got = readSync(fd, last, 0, last.length, size - last.length);
  const end = last.lastIndexOf(10, got - 1);
  return end === -1 && size >= CHUNK ? size : size - last.length + end + 1;
}

const AT_ONCE = 256 * 1024;

export interface Read {
  lines: string[];
  /** Null where there is no log yet. */
  cursor: Cursor | null;
  /** It isn't at its end yet. */
  more: boolean;
}

/** What was added to a log since a cursor, also if it was moved aside meanwhile: `path.1` is the part before `path`. */
export function readOn(path: string, { file, offset }: Cursor): Read {
  for (let part = 0; part <= KEPT; part++) {
    const log = openLog(nameOf(path, part));
    if (!log) continue;
    const read = log.id === file ? readFrom(log, offset) : null;
    closeSync(log.fd);
    if (!read) continue;
    const { lines, end } = read;
    // Its writer may not have noticed yet that it was moved aside: the next part counts once something is in it.
    const next = part > 0 && lines.length === 0 ? readBeginning(nameOf(path, part - 1)) : null;
    const more = next !== null || (lines.length > 0 && (part > 0 || end < log.size));
    return { lines, cursor: next ?? { file, offset: end }, more };
  }
  // That one is gone: all that is there now is new.
  const next = readBeginning(path);
  return { lines: [], cursor: next ?? { file, offset }, more: next !== null };
}

/** No log is kept in more parts, except where somebody said so. */
const KEPT = 9;

function nameOf(path: string, part: number): string {
  return part === 0 ? path : `${path}.${part}`;
}

/** Of a log that holds something. */
export function readBeginning(path: string): Cursor | null {
  const log = openLog(path);
  if (!log) return null;
  closeSync(log.fd);
  return log.size > 0 ? { file: log.id, offset: 0 } : null;
}

function readFrom({ fd, size }: OpenLog, offset: number): { lines: string[]; end: number } {
  // One that got shorter was emptied.
  const start = offset > size ? 0 : offset;
  const bytes = Buffer.alloc(Math.min(AT_ONCE, size - start));
  const got = bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, start));
  const last = got.lastIndexOf(10);
  const whole = last === -1 ? (got.length === AT_ONCE ? got : got.subarray(0, 0)) : got.subarray(0, last + 1);
  return { lines: linesOf(whole), end: start + whole.length };
}

function linesOf(bytes: Buffer): string[] {
  return bytes
    .toString("utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => line.slice(0, LONGEST));
}

const LONGEST = 16_384;
