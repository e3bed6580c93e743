import { GreenroomError } from "../errors.ts";
import type { Emit } from "../events.ts";
import { openIntake } from "./intake.ts";
import { settleTimes } from "./keeper.ts";
import type { Entry } from "./manifest.ts";
import { claimShared, type ReadFile, readFiles } from "./read-files.ts";
import { canShare, readShared } from "./second-reader.ts";
import { createRecall, type SourceIndex } from "./source-index.ts";
import type { Store } from "./store.ts";
import { type Found, type Ground, walk } from "./walk.ts";

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

/** From here on a second thread saves more than it costs to start. */
const WORTH_SHARING = 2000;

/** Takes a folder's contents into the store. Files that look as they did at the last time aren't read again. */
export function collect(options: CollectOptions): Collected {
  const seenAt = Date.now();
  const found = walk(options);
  assertSomething(found, options.source);
  warnOfPrivate(found, options.emit);
  const recall = createRecall(options.index);
  const known = found.map((thing) => (thing.kind === "file" ? recall(thing.path, thing.look) : thing));
  const unknown = found.filter((_, i): _ is FoundFile => known[i] === null);
  if (unknown.length > 0) fillIn(known, found, readUnknown(unknown, options));
  return { entries: known as Entry[], found, seenAt, read: unknown.length };
}

type FoundFile = Extract<Found, { kind: "file" }>;

function readUnknown(files: FoundFile[], options: CollectOptions): ReadFile[] {
  const { store, source, lastRelease, emit } = options;
  const intake = openIntake(store);
  try {
    const job = { store, intake: { dir: intake.dir, stored: intake.stored }, source, files, lastRelease };
    const shared = canShare && files.length >= WORTH_SHARING;
    const alone = () => readFiles(job, claimShared(new Int32Array(1), files.length, emit), "first");
    const read = shared ? readShared(job, emit) : alone();
    settleTimes(intake, read);
    intake.settle();
    return read;
  } catch (error) {
    intake.abandon();
    throw error;
  }
}

/** Puts what was read in the places of what wasn't known; a file that changed in between looks as it did when read. */
function fillIn(known: (Entry | null)[], found: Found[], read: ReadFile[]): void {
  const places: number[] = [];
  for (let i = 0; i < known.length; i++) if (known[i] === null) places.push(i);
  for (const { index, entry, look } of read) {
    const place = places[index]!;
    known[place] = entry;
    (found[place] as FoundFile).look = look;
  }
}

/** The web server must be able to read a release, and so can every other account of the server. */
function warnOfPrivate(found: Found[], emit: Emit): void {
  const files = found.filter((thing) => thing.kind === "file" && thing.look.private).map(({ path }) => path);
  if (files.length === 0) return;
  const named = `${files.slice(0, 3).join(", ")}${files.length > 3 ? ` and ${files.length - 3} more` : ""}`;
  const text = `${named}: private here, but readable to all accounts of the server in a release; ignore what is secret`;
  emit({ event: "warning", text });
}

function assertSomething(found: Found[], source: string): void {
  if (found.some((thing) => thing.kind !== "folder")) return;
  throw new GreenroomError("SOURCE_EMPTY", `${source} holds no files to release`, {
    hint: "check --from, build.output and .greenroomignore",
  });
}
