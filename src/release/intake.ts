import {
  chmodSync,
  closeSync,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { ensureDirectory, orNull, syncFileSystem, writeAll } from "../disk/durable.ts";
import { errnoOf } from "../errors.ts";
import type { FileEntry } from "./manifest.ts";
import type { Content } from "./read-source.ts";
import { incomingName, objectName, objectPath, type Store } from "./store.ts";

/**
 * Where contents wait until all of them are durable; only then they get their names in the store. Several threads may
 * fill one intake, each through a `Keeper` of its own.
 */
export interface Intake {
  dir: string;
  settle(): void;
  abandon(): void;
}

export function openIntake(store: Store): Intake {
  for (const folder of [store.objects, store.incoming]) ensureDirectory(folder);
  clearDead(store);
  const dir = incomingName(store);
  mkdirSync(dir);
  return {
    dir,
    settle() {
      const folders = readdirSync(dir);
      if (folders.length > 0) syncFileSystem(dir);
      for (const folder of folders) nameObjects(store, dir, folder);
      rmSync(dir, { recursive: true });
    },
    abandon() {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Of an entry whose content another thread was writing just then: see `settleTimes`. */
const UNSETTLED = -1;

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

/** Asks the contents themselves for the times that only another thread knew. */
export function settleTimes({ dir }: Intake, read: { entry: FileEntry }[]): void {
  for (const { entry } of read) {
    if (entry.mtime === UNSETTLED)
      entry.mtime = timeOf(`${dir}/${folderOf(entry)}/${objectName(entry)}`, entry) ?? 0;
  }
}

function folderOf({ sha256 }: FileEntry): string {
  return sha256.slice(0, 2);
}

// A folder that the store lacks moves as a whole: one rename for all that is in it.
function nameObjects(store: Store, dir: string, folder: string): void {
  const target = join(store.objects, folder);
  const moved = orNull(() => renameSync(join(dir, folder), target) ?? true, "ENOTEMPTY", "EEXIST");
  if (moved) return;
  for (const name of readdirSync(join(dir, folder))) renameSync(join(dir, folder, name), join(target, name));
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

/** Removes what runs that died left behind. */
export function clearDead(store: Store): void {
  for (const name of orNull(() => readdirSync(store.incoming), "ENOENT") ?? []) {
    if (!isAlive(Number.parseInt(name, 10)))
      rmSync(join(store.incoming, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === "EPERM";
  }
}
