import { GreenroomError } from "../errors.ts";
import type { Emit } from "../events.ts";
import { type Intake, openIntake } from "./intake.ts";
import type { Entry, FileEntry } from "./manifest.ts";
import { readSource } from "./read-source.ts";
import { createRecall, type SourceIndex } from "./source-index.ts";
import type { Store } from "./store.ts";
import { type Found, type Ground, type Look, walk } from "./walk.ts";

export interface Collected {
  entries: Entry[];
  /** What was seen in the source, entry for entry. */
  found: Found[];
  seenAt: number;
  /** How many files had to be read. */
  read: number;
}

export interface CollectOptions extends Ground {
  store: Store;
  index: SourceIndex | null;
  /** When the project's last release was made, in seconds. */
  lastRelease: number;
  emit: Emit;
}

const REPORT_EVERY = 1000;

/** Takes a folder's contents into the store. Files that look as they did at the last time aren't read again. */
export function collect(options: CollectOptions): Collected {
  const seenAt = Date.now();
  const found = walk(options);
  assertSomething(found, options.source);
  const intake = openIntake(options.store);
  try {
    const collected = takeAll(found, intake, options);
    intake.settle();
    return { ...collected, found, seenAt };
  } catch (error) {
    intake.abandon();
    throw error;
  }
}

function takeAll(found: Found[], intake: Intake, options: CollectOptions) {
  const recall = createRecall(options.index);
  let read = 0;
  const entries = found.map((thing): Entry => {
    if (thing.kind !== "file") return thing;
    const known = recall(thing.path, thing.look);
    if (known) return known;
    read += 1;
    if (read % REPORT_EVERY === 0) {
      options.emit({ event: "progress", what: "collect", done: read, total: found.length, unit: "files" });
    }
    return take(thing, intake, options);
  });
  return { entries, read };
}

function take(thing: FoundFile, intake: Intake, options: CollectOptions): FileEntry {
  const { path } = thing;
  const content = readSource(path, `${options.source}/${path}`, thing.look, intake.spill);
  thing.look = content.look;
  return intake.keep(content, {
    kind: "file",
    path,
    executable: content.look.executable,
    size: content.size,
    sha256: content.sha256,
    mtime: objectTime(content.look, options.lastRelease, Date.now() / 1000),
  });
}

type FoundFile = Extract<Found, { kind: "file" }>;

/**
 * Routers make validators from size and mtime, so no two contents of equal size may claim the same time. A content
 * that is new to the store can't be older than the last release: archives and checkouts that say so are corrected.
 */
export function objectTime(stat: Pick<Look, "mtimeMs">, lastRelease: number, now: number): number {
  const claimed = Math.min(Math.floor(stat.mtimeMs / 1000), Math.floor(now));
  return Math.max(claimed, lastRelease + 1, 0);
}

function assertSomething(found: Found[], source: string): void {
  if (found.some((thing) => thing.kind !== "folder")) return;
  throw new GreenroomError("SOURCE_EMPTY", `${source} holds no files to release`, {
    hint: "check --from, build.output and .greenroomignore",
  });
}
