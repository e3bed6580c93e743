import {
  chmodSync,
  closeSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { orNull, syncFileSystem, writeAll } from "../disk/durable.ts";
import { errnoOf } from "../errors.ts";
import type { FileEntry } from "./manifest.ts";
import type { Content } from "./read-source.ts";
import { incomingName, objectName, objectPath, type Store } from "./store.ts";

/** Takes contents into the store: they get their names only once all of them are durable. */
export interface Intake {
  /** Where to copy what is too large for memory, before `keep`. */
  spill: string;
  /** Keeps a content unless the store has it. The answer has the mtime that its object carries. */
  keep(content: Content, entry: FileEntry): FileEntry;
  settle(): void;
  abandon(): void;
}

export function openIntake(store: Store): Intake {
  clearDead(store);
  const dir = incomingName(store);
  mkdirSync(dir);
  const spill = join(dir, "spill");
  const folders = new Set(readdirSync(store.objects));
  const opened = new Set<string>();
  const kept = new Map<string, FileEntry>();

  return {
    spill,
    keep(content, entry) {
      const name = objectName(entry);
      const folder = folderOf(entry);
      const known = kept.get(name) ?? (folders.has(folder) ? findObject(store, entry) : null);
      if (known) return { ...entry, mtime: known.mtime };
      const path = `${dir}/${folder}/${name}`;
      if (!opened.has(folder)) mkdirSync(join(dir, folder));
      opened.add(folder);
      if (content.bytes) writeIncoming(path, content.bytes, entry);
      else adoptSpill(spill, path, entry);
      kept.set(name, entry);
      return entry;
    },
    settle() {
      if (kept.size > 0) syncFileSystem(dir);
      for (const folder of opened) nameObjects(store, dir, folder);
      rmSync(dir, { recursive: true });
    },
    abandon() {
      rmSync(dir, { recursive: true, force: true });
    },
  };
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

// The size tells a whole object from one that something cut short.
function findObject(store: Store, entry: FileEntry): { mtime: number } | null {
  const stat = lstatSync(objectPath(store, entry), { throwIfNoEntry: false });
  return stat?.size === entry.size ? { mtime: Math.floor(stat.mtimeMs / 1000) } : null;
}

function writeIncoming(path: string, bytes: Buffer, entry: FileEntry): void {
  const fd = openSync(path, "wx", modeOf(entry));
  try {
    writeAll(fd, bytes);
    futimesSync(fd, entry.mtime, entry.mtime);
  } finally {
    closeSync(fd);
  }
}

function adoptSpill(spill: string, path: string, entry: FileEntry): void {
  const fd = openSync(spill, "r");
  try {
    futimesSync(fd, entry.mtime, entry.mtime);
  } finally {
    closeSync(fd);
  }
  chmodSync(spill, modeOf(entry));
  renameSync(spill, path);
}

function modeOf(entry: FileEntry): number {
  return entry.executable ? 0o555 : 0o444;
}

/** Removes what runs that died left behind. */
export function clearDead(store: Store): void {
  for (const name of readdirSync(store.incoming)) {
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
