import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { orNull } from "../disk/durable.ts";
import { placeTaken } from "../disk/obstacle.ts";
import { readShown, type Shown } from "./shown.ts";
import { at, type Site } from "./site.ts";

/** A request as nginx has logged it, and what its side showed. */
export interface LoggedRequest {
  at: string;
  host: string;
  /** Of 100; null where visitors weren't told apart. */
  bucket: string | null;
  side: string | null;
  /** Null where there is no telling: before the journal began, or in the second in which the side moved. */
  release: string | null;
  method: string;
  uri: string;
  status: number;
  bytes: number;
  ms: number;
  /** How long the app took; null where it wasn't asked. */
  upstreamMs: number | null;
  from: string;
  /** Null where no app was asked. */
  id: string | null;
}

/** The last requests, oldest first, also from logs that were moved aside. */
export function readAccessLog(site: Site, count: number): LoggedRequest[] {
  const shown = readShown(site);
  const lines = lastLines(at.log(site, "access.log"), count);
  return lines.map((line) => parse(line, shown)).filter((request) => request !== null);
}

function parse(line: string, shown: Shown): LoggedRequest | null {
  const logged = parseJson(line);
  if (typeof logged?.at !== "string") return null;
  const [second, text] = [Date.parse(logged.at), (name: string) => String(logged[name] ?? "")];
  return {
    at: logged.at,
    host: text("host"),
    bucket: text("bucket") || null,
    side: text("side") || null,
    // nginx tells the second, and no more.
    release: shown(text("side"), second, second + 999),
    method: text("method"),
    uri: text("uri"),
    status: Number(logged.status),
    bytes: Number(logged.bytes),
    ms: milliseconds(text("seconds")) ?? 0,
    upstreamMs: milliseconds(text("upstreamSeconds")),
    from: text("from"),
    id: text("id") || null,
  };
}

/** On a disk that was full, a line may be torn. */
function parseJson(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line) as Record<string, unknown> | null;
  } catch {
    return null;
  }
}

/** nginx counts in seconds, one number for each app that it asked. */
function milliseconds(seconds: string): number | null {
  const all = seconds.match(/\d+\.\d+/g);
  return all && Math.round(all.reduce((sum, one) => sum + Number(one), 0) * 1000);
}

function lastLines(path: string, count: number): string[] {
  const seen = new Set<string>();
  let lines: string[] = [];
  for (let number = 0; lines.length < count; number++) {
    const file = openLog(number === 0 ? path : `${path}.${number}`);
    if (!file && number > 0) break;
    // One that is moved aside while we read comes again under its next name.
    if (file && !seen.has(file.id)) lines = [...tailOf(file, count - lines.length), ...lines];
    if (file) closeSync(seen.add(file.id) && file.fd);
  }
  return lines;
}

interface OpenLog {
  fd: number;
  size: number;
  id: string;
}

function openLog(path: string): OpenLog | null {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const fd = orNull(() => openSync(path, flags), "ENOENT", "ENOTDIR");
  if (fd === null) return null;
  const stat = fstatSync(fd);
  if (stat.isFile()) return { fd, size: stat.size, id: `${stat.dev}:${stat.ino}` };
  closeSync(fd);
  throw placeTaken(path, "file", null);
}

const CHUNK = 64 * 1024;

function tailOf({ fd, size }: OpenLog, count: number): string[] {
  const chunks: Buffer[] = [];
  let [start, ends] = [size, 0];
  while (start > 0 && ends <= count) {
    const chunk = Buffer.alloc(Math.min(CHUNK, start));
    start -= chunk.length;
    readSync(fd, chunk, 0, chunk.length, start);
    chunks.unshift(chunk);
    for (let i = chunk.indexOf(10); i !== -1; i = chunk.indexOf(10, i + 1)) ends += 1;
  }
  return Buffer.concat(chunks).toString("utf8").split("\n").filter(Boolean).slice(-count);
}
