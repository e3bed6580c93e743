import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { ensureDirectory, orNull } from "../disk/durable.ts";
import { GreenroomError } from "../errors.ts";
import type { FileEntry } from "./manifest.ts";
import { objectName, type Store } from "./store.ts";

/** What has come of a large content, and waits for the rest: after a cut it goes on from there. */
export function sizeOfPart(store: Store, entry: FileEntry): number {
  const size = lstatSync(partPath(store, entry), { throwIfNoEntry: false })?.size ?? 0;
  return size <= entry.size ? size : 0;
}

/**
 * Adds what comes next of a content. Two who send the same one write the same bytes to the same places. Answers the
 * path of the whole once it is there, and is what it says; else null.
 */
export function addPart(store: Store, entry: FileEntry, at: number, bytes: Buffer): string | null {
  const path = partPath(store, entry);
  if (at > sizeOfPart(store, entry) || at + bytes.length > entry.size) {
    throw new GreenroomError("CALL_REFUSED", `${entry.path} has no place for bytes from ${at} on`);
  }
  ensureDirectory(store.parts);
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(fd, bytes, done, bytes.length - done, at + done);
    }
    if (at + bytes.length < entry.size) return null;
    if (hashOf(fd) === entry.sha256) return path;
  } finally {
    closeSync(fd);
  }
  // Another try begins anew.
  rmSync(path, { force: true });
  throw new GreenroomError("VERIFY_FAILED", `${entry.path} came damaged over the line`, {
    hint: "give the same command again",
  });
}

const WEEK = 7 * 24 * 3600 * 1000;

/** Removes what nobody has gone on with. */
export function clearParts(store: Store, now = Date.now()): void {
  for (const name of orNull(() => readdirSync(store.parts), "ENOENT") ?? []) {
    const path = join(store.parts, name);
    const seen = orNull(() => statSync(path), "ENOENT");
    if (seen && now - seen.mtimeMs > WEEK) rmSync(path, { force: true });
  }
}

function partPath(store: Store, entry: FileEntry): string {
  return join(store.parts, objectName(entry));
}

function hashOf(fd: number): string {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(1 << 20);
  for (let at = 0; ; ) {
    const got = readSync(fd, buffer, 0, buffer.length, at);
    if (got === 0) return hash.digest("hex");
    hash.update(buffer.subarray(0, got));
    at += got;
  }
}
