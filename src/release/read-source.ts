import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { writeAll } from "../disk/durable.ts";
import { GreenroomError } from "../errors.ts";
import { type Look, lookOf, looksSame, unreadable } from "./walk.ts";

export interface Content {
  sha256: string;
  size: number;
  look: Look;
  /** All of it, where it fitted; valid until the next read. Else it is in the spill file. */
  bytes: Buffer | null;
}

const TRIES = 3;
const buffer = Buffer.allocUnsafeSlow(1 << 20);

/** Reads and hashes a file that didn't change since it was looked at. Too large for memory, it goes to `spill`. */
export function readSource(path: string, file: string, seen: Look, spill: string): Content {
  let look = seen;
  for (let tries = 0; tries < TRIES; tries++) {
    const content = readOnce(path, file, look, spill);
    if (looksSame(content.look, look) && content.size === look.size) return content;
    look = content.look;
  }
  throw new GreenroomError("SOURCE_CHANGING", `${path} changes while it is read`, {
    hint: `stage again once nothing writes to it, or add ${JSON.stringify(path)} to .greenroomignore`,
  });
}

function readOnce(path: string, file: string, { size }: Look, spill: string): Content {
  const fd = openToRead(path, file);
  try {
    const read = size < buffer.length ? readSmall(fd) : copyLarge(fd, spill);
    return { ...read, look: lookOf(fstatSync(fd)) };
  } finally {
    closeSync(fd);
  }
}

function openToRead(path: string, file: string): number {
  try {
    // A file that was looked at doesn't become a way out of the source.
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
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
