import { rmSync } from "node:fs";
import type { Emit } from "../events.ts";
import type { Place } from "./intake.ts";
import { type Keeper, openKeeper } from "./keeper.ts";
import type { FileEntry } from "./manifest.ts";
import { readSource } from "./read-source.ts";
import type { Store } from "./store.ts";
import type { Look } from "./walk.ts";

/** Files to be read and kept, by whoever claims them. Plain data, so that another thread can have it too. */
export interface ReadJob {
  store: Store;
  intake: Place;
  source: string;
  files: { path: string; look: Look }[];
  /** When the project's last release was made, in seconds. */
  lastRelease: number;
}

export interface ReadFile {
  /** In the job's files. */
  index: number;
  entry: FileEntry;
  /** How it looked when it was read. */
  look: Look;
}

/** Takes the next few files; the same ones for nobody else. Null when there are no more. */
export type Claim = () => { from: number; to: number } | null;

const AT_ONCE = 64;
const REPORT_EVERY = 1024;

/** Claims of several threads on the same files, through a counter that they share; the first one's are told. */
export function claimShared(next: Int32Array, total: number, emit: Emit | null): Claim {
  return () => {
    const from = Atomics.add(next, 0, AT_ONCE);
    if (from % REPORT_EVERY < AT_ONCE)
      emit?.({ event: "progress", what: "read", done: Math.min(from, total), total, unit: "files" });
    return from < total ? { from, to: Math.min(from + AT_ONCE, total) } : null;
  };
}

export function readFiles(job: ReadJob, claim: Claim, name: string): ReadFile[] {
  const keeper = openKeeper(job.store, job.intake, name);
  const read: ReadFile[] = [];
  try {
    for (let share = claim(); share; share = claim()) {
      for (let index = share.from; index < share.to; index++) read.push(readFile(job, keeper, index));
    }
  } finally {
    rmSync(keeper.spill, { force: true });
  }
  return read;
}

function readFile(job: ReadJob, keeper: Keeper, index: number): ReadFile {
  const { path, look: seen } = job.files[index]!;
  const { look, size, sha256, bytes } = readSource(path, `${job.source}/${path}`, seen, keeper.spill);
  const mtime = objectTime(look, job.lastRelease, Date.now() / 1000);
  const entry: FileEntry = { kind: "file", path, executable: look.executable, size, sha256, mtime };
  return { index, look, entry: keeper.keep({ bytes }, entry) };
}

/**
 * Routers make validators from size and mtime, so no two contents of equal size may claim the same time. A content
 * that is new to the store can't be older than the last release: archives and checkouts that say so are corrected.
 */
export function objectTime(look: Pick<Look, "mtimeMs">, lastRelease: number, now: number): number {
  const claimed = Math.min(Math.floor(look.mtimeMs / 1000), Math.floor(now));
  return Math.max(claimed, lastRelease + 1, 0);
}
