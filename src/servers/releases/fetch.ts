import type { Emit } from "../../events.ts";
import { recordDelivered, takeContents, takePart } from "../../release/delivery.ts";
import type { Manifest } from "../../release/manifest.ts";
import { findRelease, listHeads, readHead, type Store } from "../../release/store.ts";
import type { Parcel } from "../wire.ts";
import { type Lacking, lackingOf } from "./deliveries.ts";
import { parseContents, parseHead, parseManifest, parsePart } from "./incoming.ts";
import { piecesOf } from "./pieces.ts";

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
  const shared = new Set(before);
  await fetchContents(ask, store, manifest, lackingOf(store, manifest, shared), emit);
  const isFree = readHead(store, project, version) === null;
  if (isFree) recordDelivered(store, manifest, shared);
  return isFree ? (findRelease(store, project, version) ?? manifest) : manifest;
}

async function fetchContents(
  ask: AskForBytes,
  store: Store,
  manifest: Manifest,
  { lacks, begun }: Lacking,
  emit: Emit,
): Promise<void> {
  const { project, version, entries } = manifest;
  const pieces = piecesOf(entries, lacks, new Map(begun));
  const total = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const piece of pieces) {
    const { body } = await ask({ call: "piece", project, version, piece });
    if ("contents" in piece) takeContents(store, parseContents(manifest, piece.contents, body));
    else {
      const { entry, at, bytes } = parsePart(manifest, piece, body);
      takePart(store, entry, at, bytes);
    }
    done += piece.bytes;
    emit({ event: "progress", what: "fetched", done, total, unit: "bytes" });
  }
}
