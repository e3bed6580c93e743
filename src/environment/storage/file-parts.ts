import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmdirSync,
  type Stats,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Identity } from "../../disk/as-account.ts";
import { orNull, writeAll } from "../../disk/durable.ts";
import { symlinkError } from "../../disk/inside.ts";
import { GreenroomError } from "../../errors.ts";
import { type StoredFile, UNFINISHED } from "./file-tree.ts";

/** Some bytes of a file. */
export interface Part {
  file: StoredFile;
  offset: number;
  length: number;
}

export interface Begun {
  /** The names that unfinished files have, by their paths. */
  unfinished: Map<string, string>;
  /** Whose it is to be, where it isn't its maker's. */
  heir: Identity | null;
}

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export function readPart(place: string, { file, offset, length }: Part): Buffer {
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

/** A file appears under its name with its last part; what was begun is remembered until then. */
export function writePart(
  place: string,
  { file, offset, length }: Part,
  bytes: Buffer,
  { unfinished, heir }: Begun,
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
