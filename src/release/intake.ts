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

export interface Keeper {
  /** Where to copy what is too large for memory, before `keep`. */
  spill: string;
  /** Keeps a content unless the store has it. The answer has the mtime that its object carries. */
  keep(content: Content, entry: FileEntry): FileEntry;
}

export function openKeeper(store: Store, intake: string, name: string): Keeper {
  const spill = join(store.incoming, `${basename(intake)}-${name}`);
  const folders = new Set(readdirSync(store.objects));
  const opened = new Set<string>();
  const keep = (content: Content, entry: FileEntry, path: string) => {
    if (content.bytes) writeIncoming(path, content.bytes, entry);
    else adoptSpill(spill, path, entry);
    return entry;
  };
  return {
    spill,
    keep(content, entry) {
      const folder = folderOf(entry);
      const stored = folders.has(folder) ? findContent(objectPath(store, entry), entry) : null;
      if (stored) return stored;
      const path = `${intake}/${folder}/${objectName(entry)}`;
      if (!opened.has(folder)) mkdirSync(`${intake}/${folder}`, { recursive: true });
      opened.add(folder);
      return findContent(path, entry) ?? keep(content, entry, path);
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

/** The entry with its object's mtime, if the object is there. The size tells a whole one from one cut short. */
function findContent(path: string, entry: FileEntry): FileEntry | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.size === entry.size ? { ...entry, mtime: Math.floor(stat.mtimeMs / 1000) } : null;
}

// Two threads that keep the same content at the same time write it twice; the last rename wins, with the same bytes.
function writeIncoming(path: string, bytes: Buffer, entry: FileEntry): void {
XX
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
