import { readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import type { FileEntry, Manifest } from "../release/manifest.ts";
import { objectPath, type Store } from "../release/store.ts";

type Entries = Manifest["entries"];

const BATCH_BYTES = 8 * 1024 * 1024;
const BATCH_FILES = 2000;

/** Files of a release in portions: a cut costs no more than one of them. */
export function batchesOf(indexes: number[], entries: Entries): number[][] {
  const batches: number[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const index of indexes) {
    const size = sizeAt(entries, index);
    const last = batches.at(-1);
    if (!last || bytes + size > BATCH_BYTES || last.length >= BATCH_FILES) {
      batches.push([index]);
      bytes = size;
    } else {
      last.push(index);
      bytes += size;
    }
  }
  return batches;
}

export function sizeOfAll(indexes: number[], entries: Entries): number {
  return indexes.reduce((sum, index) => sum + sizeAt(entries, index), 0);
}

/** Their contents, one after the other, as they go over a line. */
export function packContents(store: Store, indexes: number[], entries: Entries): Buffer {
  const contents = indexes.map((index) => readFileSync(objectPath(store, entries[index] as FileEntry)));
  return pack(Buffer.concat(contents));
}

export function pack(bytes: string | Buffer): Buffer {
  return deflateRawSync(bytes, { level: 3 });
}

function sizeAt(entries: Entries, index: number): number {
  const entry = entries[index];
  return entry?.kind === "file" ? entry.size : 0;
}
