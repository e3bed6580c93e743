import type { Emit } from "../../events.ts";
import { makeDelta } from "../../release/delta.ts";
import type { Entry, Manifest, ManifestHead } from "../../release/manifest.ts";
import { findRelease, type Store } from "../../release/store.ts";
import { pack, packPiece } from "./pack.ts";
import { type Piece, piecesOf } from "./pieces.ts";

/** Says something to the machine at the other end, and answers what it says. */
export type Ask = (head: object, body?: Buffer) => Promise<object>;

/**
 * Brings a release's contents to another machine: what is already there isn't sent, and a cut costs no more than a piece.
 * The answer makes a release of them there.
 */
export async function deliver(
  ask: Ask,
  store: Store,
  manifest: Manifest,
  emit: Emit,
): Promise<() => Promise<void>> {
  const { entries, ...head } = manifest;
  const { heads } = (await ask({ call: "heads", project: head.project })) as { heads: ManifestHead[] };
  if (heads.some(({ version, digest }) => version === head.version && digest === head.digest))
    return async () => {};
  const base = commonRelease(store, heads);
  const delta = makeDelta(base?.entries ?? [], entries);
  const { lacks, begun } = (await ask(
    { call: "offer", head, base: base?.version ?? null },
    await pack(Buffer.from(JSON.stringify(delta))),
  )) as { lacks: number[]; begun: [index: number, bytes: number][] };
  await send(ask, store, entries, piecesOf(entries, lacks, new Map(begun)), emit);
  return async () => void (await ask({ call: "record" }));
}

async function send(ask: Ask, store: Store, entries: Entry[], pieces: Piece[], emit: Emit): Promise<void> {
  const total = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  const tell = (done: number) => emit({ event: "progress", what: "sent", done, total, unit: "bytes" });
  let done = 0;
  let packed = packNext(store, entries, pieces[0]);
  if (total > 0) tell(done);
  for (const [i, { bytes, ...piece }] of pieces.entries()) {
    const body = await packed;
    // While this one is under way, and taken in there.
    packed = packNext(store, entries, pieces[i + 1]);
    await ask({ call: "contents" in piece ? "put" : "part", ...piece }, body);
    done += bytes;
    tell(done);
  }
}

function packNext(store: Store, entries: Entry[], piece: Piece | undefined): Promise<Buffer> {
  const packed = piece ? packPiece(store, entries, piece) : Promise.resolve(Buffer.alloc(0));
  // Whoever waits for it hears of it; nobody does after a cut.
  packed.catch(() => {});
  return packed;
}

/** The youngest release that both machines have, the same on both. */
export function commonRelease(
  store: Store,
  heads: Pick<ManifestHead, "project" | "version" | "digest">[],
): Manifest | null {
  for (const { project, version, digest } of heads) {
    const mine = findRelease(store, project, version);
    if (mine?.digest === digest) return mine;
  }
  return null;
}
