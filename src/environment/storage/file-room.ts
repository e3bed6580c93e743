import { lstatSync, mkdirSync, rmdirSync, rmSync, statSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { asAccount, type Identity } from "../../disk/as-account.ts";
import { orNull, syncFileSystem } from "../../disk/durable.ts";
import { inside, symlinkError } from "../../disk/inside.ts";
import { type Part, readPart, writePart } from "./file-parts.ts";
import { type FileTree, readTree } from "./file-tree.ts";
import { pathsTo } from "./in-the-way.ts";

/** A folder that files are taken from, or brought to. Nothing outside of it is ever read or written. */
export interface FileRoom {
  list(): Promise<FileTree>;
  /** One part after the other. */
  read(parts: Part[]): Promise<Buffer>;
  makeFolders(paths: string[]): Promise<void>;
  /** A file appears whole, with its last part. */
  write(parts: Part[], bytes: Buffer): Promise<void>;
  remove(paths: string[]): Promise<void>;
  /** All that was written is durable; what was begun only is gone. */
  end(): Promise<void>;
}

/** The room at a path below a folder that nobody but us can move, with the rights of an account. */
export function openRoom(base: string, path: string, account: Identity | null): FileRoom {
  const unfinished = new Map<string, string>();
  let changed = false;
  const act = <T>(what: () => T): T => asAccount(account, what);
  // Not join(): a path that leads upwards must be seen to do so.
  const at = <T>(below: string, use: (place: string) => T) =>
    inside(base, below === "" ? path : `${path}/${below}`, use);
  // A room that is one file lies in a folder of ours, where its account may make nothing: we do, and hand it over.
  const change = (below: string, use: (place: string, heir: Identity | null) => void) => {
    if (below !== "") return act(() => at(below, (place) => use(place, null)));
    at(below, (place) => {
      if (account && isOurs(dirname(place))) use(place, account);
      else act(() => use(place, null));
    });
  };
  return {
    list: async () => act(() => readTree(base, path)),
    read: async (parts) =>
      act(() => Buffer.concat(parts.map((part) => at(part.file.path, (place) => readPart(place, part))))),
    async makeFolders(paths) {
      act(() => {
        for (const folder of pathsTo(path)) inside(base, folder, makeFolder);
        for (const folder of paths) at(folder, makeFolder);
      });
    },
    async write(parts, bytes) {
      changed = true;
      let done = 0;
      for (const part of parts) {
        const content = bytes.subarray(done, done + part.length);
        done += part.length;
        change(part.file.path, (place, heir) => writePart(place, part, content, { unfinished, heir }));
      }
    },
    async remove(paths) {
      for (const gone of paths) act(() => at(gone, removeOne));
    },
    async end() {
      for (const [below, name] of unfinished) {
        change(below, (place) => rmSync(join(dirname(place), name), { force: true }));
      }
      unfinished.clear();
      if (changed) syncFileSystem(base);
      changed = false;
    },
  };
}

/** Whoever made it a symlink meant something by it. */
function makeFolder(place: string): void {
  if (isLink(place)) throw symlinkError(basename(place));
  orNull(() => mkdirSync(place, 0o755), "EEXIST");
}

function isOurs(folder: string): boolean {
  return statSync(folder).uid === process.geteuid?.();
}

function isLink(place: string): boolean {
  return lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function removeOne(place: string): void {
  const stat = lstatSync(place, { throwIfNoEntry: false });
  if (stat?.isDirectory()) orNull(() => rmdirSync(place), "ENOTEMPTY", "EEXIST");
  else if (stat) unlinkSync(place);
}
