import type { Emit } from "../events.ts";
import { recordDelivered, takeContents } from "../release/delivery.ts";
import type { Manifest } from "../release/manifest.ts";
import { findRelease, listHeads, readHead, type Store } from "../release/store.ts";
import { batchesOf, sizeOfAll } from "./batches.ts";
import { lackingIndexes } from "./deliveries.ts";
import { parseContents, parseHead, parseManifest } from "./incoming.ts";
import type { Parcel } from "./wire.ts";

/** Says something to the machine at the other end, and answers what it says, with the bytes that came with it. */
type AskForBytes = (head: object) => Promise<Pick<Parcel, "head" | "body">>;

export interface Wanted {
  project: string;
  version: string;
}

/**
 * A release that another machine has, its contents in the store here. It gets its name here, too, unless that is
 * another release's.
 */
export async function fetchRelease(
  ask: AskForBytes,
  store: Store,
  { project, version }: Wanted,
  emit: Emit,
): Promise<Manifest> {
  const heads = listHeads(store, project);
  const known = heads.map(({ version: mine, digest }) => ({ version: mine, digest }));
  const came = await ask({ call: "manifest", project, version, known });
  const { head, base } = came.head as { head: unknown; base: string | null };
  const before = base === null ? [] : (findRelease(store, project, base)?.entries ?? []);
  const manifest = parseManifest(parseHead(head), before, came.body);
  const lacks = lackingIndexes(store, manifest);
  const total = sizeOfAll(lacks, manifest.entries);
  let done = 0;
  for (const batch of batchesOf(lacks, manifest.entries)) {
    const { head: said, body } = await ask({ call: "contents", project, version, contents: batch });
    takeContents(store, parseContents(manifest, (said as { contents: unknown }).contents, body));
    done += sizeOfAll(batch, manifest.entries);
    emit({ event: "progress", what: "fetched", done, total, unit: "bytes" });
  }
  const isFree = readHead(store, project, version) === null;
  if (isFree) recordDelivered(store, manifest, new Set(before));
  return isFree ? (findRelease(store, project, version) ?? manifest) : manifest;
}
