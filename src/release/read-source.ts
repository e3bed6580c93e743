import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { writeAll } from "../disk/durable.ts";
import { GreenroomError } from "../errors.ts";
import { unreadable } from "./walk.ts";

export interface Content {
  sha256: string;
  size: number;
  stat: Stats;
  /** All of it, where it fitted; valid until the next read. Else it is in the spill file. */
  bytes: Buffer | null;
}

const TRIES = 3;
const buffer = Buffer.allocUnsafeSlow(1 << 20);

/** Reads and hashes a file that didn't change meanwhile. What is too large for memory is copied to `spill`. */
export function readSource(path: string, file: string, spill: string): Content {
  for (let tries = 0; tries < TRIES; tries++) {
    const content = readOnce(path, file, spill);
    if (content) return content;
  }
  throw new GreenroomError("SOURCE_CHANGING", `${path} changes while it is read`, {
    hint: `stage again once nothing writes to it, or add ${JSON.stringify(path)} to .greenroomignore`,
  });
}

function readOnce(path: string, file: string, spill: string): Content | null {
  const fd = openToRead(path, file);
  try {
    const before = fstatSync(fd);
    const small = before.size < buffer.length;
    const read = small ? readSmall(fd) : copyLarge(fd, spill);
    const stat = fstatSync(fd);
    const same = stat.mtimeMs === before.mtimeMs && stat.ctimeMs === before.ctimeMs && stat.size === read.size;
    return same ? { ...read, stat } : null;
  } finally {
    closeSync(fd);
  }
}

function openToRead(path: string, file: string): number {
  try {
    return openSync(file, "r");
  } catch (error) {
    throw unreadable(path, error);
  }
}

function readSmall(fd: number) {
  let size = 0;
  for (let got = -1; got !== 0 && size < buffer.length; size += got) {
    got = readSync(fd, buffer, size, buffer.length - size, null);
  }
  const bytes = buffer.subarray(0, size);
  return { bytes, size, sha256: createHash("sha256").update(bytes).digest("hex") };
}

function copyLarge(fd: number, spill: string) {
  const hash = createHash("sha256");
  const out = openSync(spill, "w", 0o644);
  try {
    let size = 0;
    for (let got = -1; got !== 0; size += got) {
      got = readSync(fd, buffer, 0, buffer.length, null);
      const chunk = buffer.subarray(0, got);
      hash.update(chunk);
      writeAll(out, chunk);
    }
    return { bytes: null, size, sha256: hash.digest("hex") };
  } finally {
    closeSync(out);
  }
}
