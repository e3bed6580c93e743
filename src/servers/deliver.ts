import type { Emit } from "../events.ts";
import { makeDelta } from "../release/delta.ts";
import type { Manifest, ManifestHead } from "../release/manifest.ts";
import { findRelease, type Store } from "../release/store.ts";
import { batchesOf, pack, packContents, sizeOfAll } from "./batches.ts";

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
    pack(JSON.stringify(delta)),
  )) as { lacks: number[] };
  const total = sizeOfAll(lacks, entries);
  let done = 0;
  for (const batch of batchesOf(lacks, entries)) {
    await ask({ call: "put", contents: batch }, packContents(store, batch, entries));
    done += sizeOfAll(batch, entries);
    emit({ event: "progress", what: "sent", done, total, unit: "bytes" });
  }
  await ask({ call: "record" });
}

/** The youngest release that both machines have, the same on both. */
export function commonRelease(store: Store, heads: Pick<ManifestHead, "project" | "version" | "digest">[]) {
  for (const { project, version, digest } of heads) {
    const mine = findRelease(store, project, version);
    if (mine?.digest === digest) return mine;
  }
  return null;
}
