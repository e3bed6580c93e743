import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { orNull } from "../../disk/durable.ts";
import { keepLast, splitLines } from "../../processes/lines.ts";

/** The last lines that were added to a log since it had a size. */
export function readTail(path: string, since: number): string[] {
  const last = keepLast(20);
  const fd = orNull(() => openSync(path, "r"), "ENOENT");
  if (fd === null) return [];
  try {
    const { size } = fstatSync(fd);
    // A log that has been moved aside since begins anew.
    const start = Math.max(since > size ? 0 : since, size - LOOK_BACK);
    const bytes = Buffer.alloc(size - start);
    const lines = splitLines(last.add);
    lines.push(bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, start)));
    lines.end();
  } finally {
    closeSync(fd);
  }
  return last.lines();
}

const LOOK_BACK = 64_000;

export function sizeOf(path: string): number {
  return orNull(() => statSync(path).size, "ENOENT", "ENOTDIR") ?? 0;
}
