import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  unlinkSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { asAccount, type Identity } from "../../disk/as-account.ts";
import { orNull, syncFileSystem, writeAll } from "../../disk/durable.ts";
import { inside, symlinkError } from "../../disk/inside.ts";
import { GreenroomError } from "../../errors.ts";
import { type FileTree, readTree, type StoredFile, UNFINISHED } from "./file-tree.ts";
import { pathsTo } from "./in-the-way.ts";

/** Some bytes of a file. */
export interface Part {
  file: StoredFile;
  offset: number;
  length: number;
}

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

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

function readPart(place: string, { file, offset, length }: Part): Buffer {
  const fd = orNull(() => openSync(place, READ), "ENOENT", "ELOOP", "ENXIO");
  if (fd === null) throw inMotion(file.path);
  try {
    if (!fstatSync(fd).isFile()) throw inMotion(file.path);
    const bytes = Buffer.alloc(length);
    if (readSync(fd, bytes, 0, length, offset) < length) throw inMotion(file.path);
    return bytes;
  } finally {
    closeSync(fd);
  }
}

function inMotion(path: string): GreenroomError {
  return new GreenroomError("SOURCE_CHANGING", `${JSON.stringify(path)} changed while it was read`, {
    hint: "give the same command again: files that are there already aren't sent again",
  });
}

const APPEND = constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_APPEND | constants.O_NONBLOCK;
const CREATE = APPEND | constants.O_CREAT | constants.O_EXCL;

function writePart(
  place: string,
  { file, offset, length }: Part,
  bytes: Buffer,
  { unfinished, heir }: { unfinished: Map<string, string>; heir: Identity | null },
): void {
  const there = lstatSync(place, { throwIfNoEntry: false });
  if (there?.isSymbolicLink()) throw symlinkError(basename(place));
  const name = unfinished.get(file.path) ?? `${UNFINISHED}${randomBytes(6).toString("hex")}`;
  unfinished.set(file.path, name);
  const temporary = join(dirname(place), name);
  const fd = orNull(
    () => openSync(temporary, offset === 0 ? CREATE : APPEND, 0o600),
    "ENOENT",
    "ELOOP",
    "ENXIO",
  );
  if (fd === null) throw inMotion(file.path);
  try {
    if (!fstatSync(fd).isFile()) throw inMotion(file.path);
    writeAll(fd, bytes);
    if (offset + length < file.size) return;
    if (heir) fchownSync(fd, heir.uid, there?.gid ?? heir.gid);
    fchmodSync(fd, heir ? closedToOthers(there, file) : modeFor(file));
    futimesSync(fd, file.mtime / 1000, file.mtime / 1000);
  } finally {
    closeSync(fd);
  }
  if (there?.isDirectory()) rmdirSync(place);
  renameSync(temporary, place);
  unfinished.delete(file.path);
}

/** Of storage itself: as what it takes the place of, or as a seed. */
function closedToOthers(there: Stats | undefined, file: StoredFile): number {
  return there?.isFile() ? there.mode & 0o777 : modeFor(file) & ~0o027;
}

/** Its own, but never for others to write, and never to run as its owner. */
export function modeFor({ mode }: Pick<StoredFile, "mode">): number {
  return (mode | 0o600) & 0o755;
}

function removeOne(place: string): void {
  const stat = lstatSync(place, { throwIfNoEntry: false });
  if (stat?.isDirectory()) orNull(() => rmdirSync(place), "ENOTEMPTY", "EEXIST");
  else if (stat) unlinkSync(place);
}
