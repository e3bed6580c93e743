import {
  chmodSync,
  closeSync,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  unlinkSync,
  utimesSync,
} from "node:fs";
import { orNull, writeAll } from "../disk/durable.ts";
import type { FileEntry } from "./manifest.ts";
import type { Content } from "./read-source.ts";
import { objectName, objectPath, type Store } from "./store.ts";

/** One thread's way into an intake. */
export interface Keeper {
  /** Where to copy what is too large for memory, before `keep`. */
  spill: string;
  /** Keeps a content unless the store has it. The answer has the mtime that its object carries. */
  keep(content: Content, entry: FileEntry): FileEntry;
}

export function openKeeper(store: Store, dir: string, name: string): Keeper {
  const spill = `${dir}-${name}`;
  const folders = new Set(readdirSync(store.objects));
  const opened = new Set<string>();
  const kept = new Map<string, number>();
  return {
    spill,
    keep(content, entry) {
      const object = objectName(entry);
      const folder = folderOf(entry);
      const known =
        kept.get(object) ?? (folders.has(folder) ? timeOf(objectPath(store, entry), entry) : null);
      if (known !== null) return { ...entry, mtime: known };
      if (!opened.has(folder)) mkdirSync(`${dir}/${folder}`, { recursive: true });
      opened.add(folder);
      const path = `${dir}/${folder}/${object}`;
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
export function settleTimes(dir: string, read: { entry: FileEntry }[]): void {
  for (const { entry } of read) {
    if (entry.mtime === UNSETTLED)
      entry.mtime = timeOf(`${dir}/${folderOf(entry)}/${objectName(entry)}`, entry) ?? 0;
  }
}

function folderOf({ sha256 }: FileEntry): string {
  return sha256.slice(0, 2);
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
