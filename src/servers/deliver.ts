import { readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import type { Emit } from "../events.ts";
import { makeDelta } from "../release/delta.ts";
import type { FileEntry, Manifest, ManifestHead } from "../release/manifest.ts";
import { findRelease, objectPath, type Store } from "../release/store.ts";

/** Says something to the machine at the other end, and answers what it says. */
export type Ask = (head: object, body?: Buffer) => Promise<object>;

/** Brings a release to another machine: what is already there isn't sent, and a cut costs no more than a batch. */
export async function deliver(ask: Ask, store: Store, manifest: Manifest, emit: Emit): Promise<void> {
  const { entries, ...head } = manifest;
  const { heads } = (await ask({ call: "heads", project: head.project })) as { heads: ManifestHead[] };
  if (heads.some(({ version, digest }) => version === head.version && digest === head.digest)) return;
  const base = commonRelease(store, heads);
  const delta = makeDelta(base?.entries ?? [], entries);
  const { lacks } = (await ask(
    { call: "offer", head, base: base?.version ?? null },
    deflateRawSync(JSON.stringify(delta), FAST),
  )) as { lacks: number[] };
  const total = lacks.reduce((sum, index) => sum + sizeAt(entries, index), 0);
  let done = 0;
  for (const batch of batchesOf(lacks, entries)) {
    const contents = batch.map((index) => readFileSync(objectPath(store, entries[index] as FileEntry)));
    const body = Buffer.concat(contents);
    await ask({ call: "put", contents: batch }, deflateRawSync(body, FAST));
    done += body.length;
    emit({ event: "progress", what: "sent", done, total, unit: "bytes" });
  }
  await ask({ call: "record" });
}

const FAST = { level: 3 };

/** The youngest release that both machines have, the same on both. */
function commonRelease(store: Store, heads: ManifestHead[]): Manifest | null {
  for (const { project, version, digest } of heads) {
    const mine = findRelease(store, project, version);
    if (mine?.digest === digest) return mine;
  }
  return null;
}

const BATCH_BYTES = 8 * 1024 * 1024;
const BATCH_FILES = 2000;

function batchesOf(lacks: number[], entries: Manifest["entries"]): number[][] {
  const batches: number[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const index of lacks) {
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

function sizeAt(entries: Manifest["entries"], index: number): number {
  const entry = entries[index];
  return entry?.kind === "file" ? entry.size : 0;
}
