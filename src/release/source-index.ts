import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ensureDirectory, orNull, writeDurablyBy } from "../disk/durable.ts";
import type { Entry, FileEntry, Manifest } from "./manifest.ts";
import { findRelease, incomingName, type Store } from "./store.ts";
import type { Found, Look } from "./walk.ts";

/**
 * What the files of a source folder looked like when a release was collected from it: a file that looks the same
 * still has the content that the release's manifest records.
 */
export interface SourceIndex {
  entries: Entry[];
  /** Four numbers an entry: size, mtime, ctime, inode. */
  looks: Float64Array;
}

interface Head {
  source: string;
  project: string;
  version: string;
}

// A file that was written in the same tick of the clock in which it was looked at can change again and look the same.
const TICK = 50;

export function readIndex(store: Store, project: string, source: string): SourceIndex | null {
  const bytes = orNull(() => readFileSync(indexPath(store, project, source)), "ENOENT");
  if (!bytes) return null;
  const end = bytes.indexOf("\n");
  const head = parseHead(bytes.toString("utf8", 0, Math.max(0, end)));
  if (!head || (bytes.length - end - 1) % Float64Array.BYTES_PER_ELEMENT !== 0) return null;
  const manifest = findRelease(store, project, head.version);
  const looks = new Float64Array(Uint8Array.from(bytes.subarray(end + 1)).buffer);
  if (head.source !== source || looks.length !== 4 * (manifest?.entries.length ?? -1)) return null;
  return { entries: manifest!.entries, looks };
}

/** What an index is of, null if it can't be told. */
export function readIndexHead(path: string): Head | null {
  const text = readFileSync(path, "latin1");
  return parseHead(text.slice(0, Math.max(0, text.indexOf("\n"))));
}

/** An index only saves work: one that is damaged is as good as none. */
function parseHead(text: string): Head | null {
  try {
    return JSON.parse(text) as Head | null;
  } catch {
    return null;
  }
}

/** `found` and the manifest's entries are of the same walk, one for one. */
export function writeIndex(
  store: Store,
  source: string,
  manifest: Manifest,
  found: Found[],
  seenAt: number,
): void {
  const { project, version } = manifest;
  const looks = new Float64Array(4 * found.length);
  found.forEach((thing, i) => {
    if (thing.kind !== "file") return;
    const { size, mtimeMs, ctimeMs, ino } = thing.look;
    const certain = Math.max(mtimeMs, ctimeMs) < seenAt - TICK;
    looks[4 * i] = certain ? size : Number.NaN;
    looks[4 * i + 1] = mtimeMs;
    looks[4 * i + 2] = ctimeMs;
    looks[4 * i + 3] = ino;
  });
  const head: Head = { source, project, version };
  const bytes = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), Buffer.from(looks.buffer)]);
  ensureDirectory(store.index);
  writeDurablyBy(incomingName(store), indexPath(store, project, source), bytes);
}

/** Walks index and source side by side: answers for paths in ascending order. */
export function createRecall(index: SourceIndex | null): (path: string, look: Look) => FileEntry | null {
  if (!index) return () => null;
  const { entries, looks } = index;
  let i = 0;
  return (path, look) => {
    while (i < entries.length && entries[i]!.path < path) i += 1;
    const entry = entries[i];
    if (entry?.path !== path || entry.kind !== "file" || entry.executable !== look.executable) return null;
    const at = 4 * i;
    if (looks[at] !== look.size || looks[at + 1] !== look.mtimeMs) return null;
    return looks[at + 2] === look.ctimeMs && looks[at + 3] === look.ino ? entry : null;
  };
}

function indexPath(store: Store, project: string, source: string): string {
  const hash = createHash("sha256").update(source).digest("hex").slice(0, 16);
  return join(store.index, `${project}-${hash}`);
}
