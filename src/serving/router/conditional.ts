import type { IncomingHttpHeaders } from "node:http";

export interface Validators {
  etag: string;
  lastModified: string;
  size: number;
}

export type Verdict =
  | { status: 200 }
  | { status: 304 }
  | { status: 416 }
  | { status: 206; start: number; end: number };

/** What a GET or HEAD with these headers gets of a file (RFC 9110, sections 13 and 14). */
export function judge(method: string | undefined, headers: IncomingHttpHeaders, file: Validators): Verdict {
  if (isFresh(headers, file)) return { status: 304 };
  const range = headers.range;
  if (range === undefined || method !== "GET" || !rangeApplies(headers["if-range"], file)) return WHOLE;
  return readRange(range, file.size);
}

const WHOLE = { status: 200 } as const;

function isFresh(headers: IncomingHttpHeaders, file: Validators): boolean {
  const tags = headers["if-none-match"];
  if (tags !== undefined) return tags.trim() === "*" || tags.split(",").some((tag) => isTag(tag, file.etag));
  const since = headers["if-modified-since"];
  return since !== undefined && Date.parse(file.lastModified) <= Date.parse(since);
}

function isTag(tag: string, etag: string): boolean {
  const trimmed = tag.trim();
  return (trimmed.startsWith("W/") ? trimmed.slice(2) : trimmed) === etag;
}

function rangeApplies(condition: string | string[] | undefined, file: Validators): boolean {
  return condition === undefined || condition === file.etag || condition === file.lastModified;
}

/** Several ranges at once, and what isn't a range at all, get the whole file, as the RFC allows. */
function readRange(range: string, size: number): Verdict {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range.trim());
  if (!match || (!match[1] && !match[2])) return WHOLE;
  if (!match[1]) {
    const length = Math.min(Number(match[2]), size);
    return length === 0 ? { status: 416 } : { status: 206, start: size - length, end: size - 1 };
  }
  const start = Number(match[1]);
  const end = match[2] ? Math.min(Number(match[2]), size - 1) : size - 1;
  if (match[2] && Number(match[2]) < start) return WHOLE;
  return start >= size ? { status: 416 } : { status: 206, start, end };
}
