import {
  chmodSync,
  closeSync,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  unlinkSync,
  utimesSync,
} from "node:fs";
import { orNull, writeAll } from "../disk/durable.ts";
import { type Place, placeOf } from "./intake.ts";
import type { FileEntry } from "./manifest.ts";
import type { Content } from "./read-source.ts";
import { objectName, objectPath, type Store } from "./store.ts";

/** All of a content, or null where it is in the spill. */
type Kept = Pick<Content, "bytes">;

/** One thread's way into an intake. */
export interface Keeper {
  /** Where to copy what is too large for memory, before `keep`. */
  spill: string;
  /** Keeps a content unless the store has it. The answer has the mtime that its object carries. */
  keep(content: Kept, entry: FileEntry): FileEntry;
}

export function openKeeper(store: Store, intake: Place, name: string): Keeper {
  const spill = `${intake.dir}-${name}`;
  const opened = new Set<string>();
  const kept = new Map<string, number>();
  return {
    spill,
    keep(content, entry) {
      const object = objectName(entry);
      const { folder, path } = placeOf(intake, entry);
      const known =
        kept.get(object) ?? (folder === intake.dir ? timeOf(objectPath(store, entry), entry) : null);
      if (known !== null) return { ...entry, mtime: known };
      if (!opened.has(folder)) mkdirSync(folder, { recursive: true });
      opened.add(folder);
      const ours = content.bytes ? writeIncoming(path, content.bytes, entry) : adoptSpill(spill, path, entry);
      const mtime = ours ? entry.mtime : UNSETTLED;
      kept.set(object, mtime);
      return { ...entry, mtime };
    },
  };
}

/** The mtime of an entry whose content another thread was writing just then: see `settleTimes`. */
const UNSETTLED = -1;

/** Asks the contents themselves for the times that only another thread knew. */
export function settleTimes(intake: Place, read: { entry: FileEntry }[]): void {
  for (const { entry } of read) {
    if (entry.mtime === UNSETTLED) entry.mtime = timeOf(placeOf(intake, entry).path, entry) ?? 0;
  }
}

/** The mtime of a content that is there. The size tells a whole one from one that something cut short. */
function timeOf(path: string, entry: FileEntry): number | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.size === entry.size ? Math.floor(stat.mtimeMs / 1000) : null;
}

/** False if another thread has been there. */
function writeIncoming(path: string, bytes: Buffer, entry: FileEntry): boolean {
  const fd = orNull(() => openSync(path, "wx", modeOf(entry)), "EEXIST");
  if (fd === null) return false;
  try {
    writeAll(fd, bytes);
    futimesSync(fd, entry.mtime, entry.mtime);
  } finally {
    closeSync(fd);
  }
  return true;
}

function adoptSpill(spill: string, path: string, entry: FileEntry): boolean {
  utimesSync(spill, entry.mtime, entry.mtime);
  chmodSync(spill, modeOf(entry));
  const linked = orNull(() => linkSync(spill, path) ?? true, "EEXIST");
  unlinkSync(spill);
  return linked === true;
}

function modeOf(entry: FileEntry): number {
  return entry.executable ? 0o555 : 0o444;
}
