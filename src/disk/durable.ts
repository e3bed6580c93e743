import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf, GreenroomError } from "../errors.ts";
import { placeTaken } from "./obstacle.ts";

/** Names that begin like this are nobody's yet: leftovers of a run that died, free to be removed. */
export const TEMPORARY = ".tmp-";

export function temporaryName(place: string): string {
  return join(
    dirname(place),
    `${TEMPORARY}${randomBytes(6).toString("hex")}-${basename(place)}`.slice(0, 80),
  );
}

/** The file has either its old content or all of the new one, also after a power cut. */
export function writeFileDurably(path: string, content: string | Buffer, mode = 0o644): void {
  writeDurablyBy(temporaryName(path), path, content, mode);
}

/** The same, by way of a name of the caller's choice. */
export function writeDurablyBy(
  temporary: string,
  path: string,
  content: string | Buffer,
  mode = 0o644,
): void {
  try {
    writeSynced(temporary, [content], mode);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

/** A new file, its content durable; its name isn't yet. */
export function writeSynced(path: string, parts: (string | Buffer)[], mode = 0o644): void {
  const fd = openSync(path, "wx", mode);
  try {
    for (const part of parts) writeAll(fd, typeof part === "string" ? Buffer.from(part) : part);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

export function writeJsonDurably(path: string, value: unknown, mode?: number): void {
  writeFileDurably(path, `${JSON.stringify(value, null, 2)}\n`, mode);
}

/** Anybody who resolves the pointer meanwhile gets the old target or the new one. */
export function movePointer(pointer: string, target: string): void {
  const temporary = temporaryName(pointer);
  symlinkSync(target, temporary);
  try {
    renameSync(temporary, pointer);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

export function readPointer(pointer: string): string | null {
  return orNull(() => readlinkSync(pointer), "ENOENT", "EINVAL", "ENOTDIR");
}

/** Of a pointer that only we move: whatever else took its place is named, as no rename could put it right. */
export function readOwnPointer(pointer: string): string | null {
  try {
    return readlinkSync(pointer);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return null;
    if (errnoOf(error) !== "EINVAL") throw error;
    throw placeTaken(pointer, "symlink", error);
  }
}

export function readJson<T>(path: string): T | null {
  const text = orNull(() => readText(path), "ENOENT", "ENOTDIR");
  if (text === null) return null;
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new GreenroomError("VERIFY_FAILED", `${path} is damaged`, {
      hint: "take it away and stage the release again",
      cause: error,
    });
  }
}

// Reading a folder fails without saying of which.
function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw errnoOf(error) === "EISDIR" ? placeTaken(path, "file", error) : error;
  }
}

/** For what can be made anew: damaged is as good as missing. */
export function readJsonIfWhole<T>(path: string): T | null {
  try {
    return readJson<T>(path);
  } catch (error) {
    if (error instanceof GreenroomError) return null;
    throw error;
  }
}

/** Catches just the errnos it is told of. */
export function orNull<T>(look: () => T, ...errnos: string[]): T | null {
  try {
    return look();
  } catch (error) {
    if (errnos.includes(errnoOf(error) ?? "")) return null;
    throw error;
  }
}

/** Makes the folder and those above it. Node's own recursion never ends where nothing can be made, as in /proc. */
export function ensureDirectory(path: string, mode?: number): void {
  if (isDirectory(path)) return;
  ensureDirectory(dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (errnoOf(error) !== "EEXIST") throw error;
    if (!isDirectory(path)) throw placeTaken(path, "folder", error);
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

export function writeAll(fd: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(fd, bytes, written);
}

// rename() alone survives a crash of ours, not of the machine: the directory entry needs its own fsync.
export function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes everything written to the file system of `path` durable: one call for any number of files. */
export function syncFileSystem(path: string): void {
  // GNU sync knows one file system; other systems' sync takes no argument and does all of them.
  const one = spawnSync("sync", ["-f", path], { stdio: "ignore" });
  if (one.status === 0) return;
  const all = spawnSync("sync", [], { stdio: "ignore" });
  if (all.status === 0) return;
  throw Object.assign(new Error(`sync ${path} failed`), { code: "EIO", errno: -5, syscall: "syncfs", path });
}
