import { chmodSync, closeSync, futimesSync, lstatSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureDirectory, syncFileSystem, writeAll } from "../disk/durable.ts";
import { errnoOf } from "../errors.ts";
import type { FileEntry } from "./manifest.ts";
import type { Content } from "./read-source.ts";
import { objectName, objectPath, type Store } from "./store.ts";

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
  const dir = join(store.incoming, `${process.pid}-${Date.now().toString(36)}`);
  mkdirSync(dir);
  const spill = join(dir, "spill");
  const kept = new Map<string, FileEntry>();

  return {
    spill,
    keep(content, entry) {
      const name = objectName(entry);
      const known = kept.get(name) ?? findObject(store, entry);
      if (known) return { ...entry, mtime: known.mtime };
      if (content.bytes) writeIncoming(join(dir, name), content.bytes, entry);
      else adoptSpill(spill, join(dir, name), entry);
      kept.set(name, entry);
      return entry;
    },
    settle() {
      if (kept.size > 0) syncFileSystem(dir);
      const folders = new Set([...kept.values()].map((entry) => entry.sha256.slice(0, 2)));
      for (const folder of folders) ensureDirectory(join(store.objects, folder));
      for (const [name, entry] of kept) renameSync(join(dir, name), objectPath(store, entry));
      rmSync(dir, { recursive: true });
    },
    abandon() {
      rmSync(dir, { recursive: true, force: true });
    },
  };
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
    if (!isAlive(Number.parseInt(name, 10))) rmSync(join(store.incoming, name), { recursive: true, force: true });
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
