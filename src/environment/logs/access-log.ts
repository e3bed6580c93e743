import { closeSync } from "node:fs";
import { readShown, type Shown } from "../shown.ts";
import { at, type Site } from "../site.ts";
import { openLog, tailOf } from "./log-file.ts";

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
  return lines.map((line) => parseRequest(line, shown)).filter((request) => request !== null);
}

/** Null where a line is torn. */
export function parseRequest(line: string, shown: Shown): LoggedRequest | null {
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
    if (file && !seen.has(file.id)) lines = [...tailOf(file, file.size, count - lines.length), ...lines];
    if (file) closeSync(seen.add(file.id) && file.fd);
  }
  return lines;
}

/** In one line. */
export function describeRequest({
  status,
  ms,
  method,
  host,
  uri,
  side,
  release,
  from,
}: LoggedRequest): string {
  const where = side === null ? "" : `, ${release ?? side}`;
  return `${status} ${method} ${host}${uri} (${ms} ms${where}) from ${from}`;
}
