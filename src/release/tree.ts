import {
  chmodSync,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from "node:fs";
import { errnoOf, GreenroomError } from "../errors.ts";
import type { Emit } from "../events.ts";
import { diff } from "./diff.ts";
import type { Entry, FileEntry } from "./manifest.ts";
import { ancestors } from "./merge.ts";
import { objectPath, type Store } from "./store.ts";

const REPORT_EVERY = 5000;

/**
 * Turns the tree at `dir`, which is known to hold `before`, into one that holds `after`: read-only, files hard-linked
 * from the store. The cost follows the difference; a new tree is one that held nothing.
 */
export function turnTree(store: Store, dir: string, before: Entry[], after: Entry[], emit: Emit): void {
  const folders = openFolders(dir, before.length === 0);
  const { removed, added } = diff(before, after);
  const [left, entered] = [foldersOf(removed), foldersOf(added)];
  for (const entry of removed) {
    if (entry.kind === "folder") continue;
    folders.touch(entry.path);
    unlinkSync(`${dir}/${entry.path}`);
  }
  for (const folder of [...left].reverse()) if (!holdsFolder(after, folder)) folders.remove(folder);
  for (const folder of entered) if (!holdsFolder(before, folder)) folders.make(folder);
  added.forEach((entry, i) => {
    if (entry.kind === "folder") return;
    folders.touch(entry.path);
    if (entry.kind === "link") symlinkSync(entry.target, `${dir}/${entry.path}`);
    else linkObject(store, entry, `${dir}/${entry.path}`);
    if ((i + 1) % REPORT_EVERY === 0) {
      emit({ event: "progress", what: "link", done: i + 1, total: added.length, unit: "files" });
    }
  });
  folders.close();
}

/** All folders of a release, parents first. */
export function foldersOf(entries: Entry[]): Set<string> {
  const folders = new Set<string>();
  let last = "";
  for (const entry of entries) {
    if (entry.kind === "folder") {
      for (const folder of ancestors(`${entry.path}/`)) folders.add(folder);
      continue;
    }
    const end = entry.path.lastIndexOf("/");
    if (end === -1 || (end === last.length && entry.path.startsWith(last))) continue;
    last = entry.path.slice(0, end);
    for (const folder of ancestors(entry.path)) folders.add(folder);
  }
  return folders;
}

function holdsFolder(entries: Entry[], folder: string): boolean {
  const itself = entries[firstFrom(entries, folder)];
  if (itself?.kind === "folder" && itself.path === folder) return true;
  return entries[firstFrom(entries, `${folder}/`)]?.path.startsWith(`${folder}/`) ?? false;
}

/** Where the first entry stands whose path doesn't sort before the one given. */
function firstFrom(entries: Entry[], path: string): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (entries[middle]!.path < path) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The folders of a tree are read-only, but for those that are being changed. */
function openFolders(dir: string, fresh: boolean) {
  const open = new Set<string>();
  const unlock = (folder: string) => {
    if (open.has(folder)) return;
    open.add(folder);
    chmodSync(folder ? `${dir}/${folder}` : dir, 0o755);
  };
  const parent = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
  if (fresh) {
    mkdirSync(dir, { mode: 0o755 });
    open.add("");
  }
  return {
    touch: (path: string) => unlock(parent(path)),
    make(folder: string) {
      unlock(parent(folder));
      mkdirSync(`${dir}/${folder}`, { mode: 0o755 });
      open.add(folder);
    },
    remove(folder: string) {
      unlock(parent(folder));
      rmdirSync(`${dir}/${folder}`);
      open.delete(folder);
    },
    close() {
      for (const folder of open) chmodSync(folder ? `${dir}/${folder}` : dir, 0o555);
    },
  };
}

export function linkObject(store: Store, entry: FileEntry, path: string): void {
  const object = objectPath(store, entry);
  try {
    linkSync(object, path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "EMLINK") copyObject(object, entry, path);
    else if (code === "ENOENT" && !lstatSync(object, { throwIfNoEntry: false })) throw lost(entry, error);
    else throw error;
  }
}

function lost(entry: FileEntry, cause: unknown): GreenroomError {
  return new GreenroomError("VERIFY_FAILED", `the store lost the content of ${entry.path}`, {
    hint: "look at what else is lost with: greenroom verify, then stage it again from its source",
    cause,
  });
}

// File systems bound the number of names a file can have (65,000 on ext4).
function copyObject(object: string, entry: FileEntry, path: string): void {
  copyFileSync(object, path, constants.COPYFILE_FICLONE);
  utimesSync(path, entry.mtime, entry.mtime);
  chmodSync(path, entry.executable ? 0o555 : 0o444);
}
