import { z } from "zod";
import { GreenroomError } from "../../errors.ts";
import { isName } from "../../names.ts";
import { makeDelta } from "../../release/delta.ts";
import type { Entry } from "../../release/manifest.ts";
import { readRelease, type Store } from "../../release/store.ts";
import { parse } from "../calls.ts";
import { Parcel } from "../wire.ts";
import { commonRelease } from "./deliver.ts";
import { pack, packPiece } from "./pack.ts";
import type { Piece } from "./pieces.ts";

const name = z.string().refine(isName);
const index = z.int().nonnegative();
const release = { project: name, version: name };

const manifestRequest = z.strictObject({
  ...release,
  /** Releases that the caller has. */
  known: z.array(z.strictObject({ version: name, digest: z.string() })),
});

const pieceRequest = z.strictObject({
  ...release,
  piece: z.union([
    z.strictObject({ contents: z.array(index), bytes: index }),
    z.strictObject({ content: index, at: index, bytes: index.max(64 * 1024 * 1024) }),
  ]),
}) satisfies z.ZodType<{ piece: Piece }>;

/** A release of this machine's, as the difference to the youngest one that its caller has, too. */
export async function lendManifest(store: Store, request: object): Promise<Parcel> {
  const { project, version, known } = parse(manifestRequest, request);
  const { entries, ...head } = readRelease(store, project, version);
  const theirs = known.map((one) => ({ project, ...one }));
  const base = commonRelease(store, theirs);
  const delta = makeDelta(base?.entries ?? [], entries);
  return new Parcel({ head, base: base?.version ?? null }, await pack(Buffer.from(JSON.stringify(delta))));
}

/** The contents of some of its files, or what comes next of a large one. */
export async function lendPiece(store: Store, request: object): Promise<Parcel> {
  const { project, version, piece } = parse(pieceRequest, request);
  const { entries } = readRelease(store, project, version);
  assertHeld(entries, piece);
  return new Parcel({}, await packPiece(store, entries, piece));
}

function assertHeld(entries: Entry[], piece: Piece): void {
  const wanted = "contents" in piece ? piece.contents : [piece.content];
  if (wanted.every((one) => entries[one]?.kind === "file")) return;
  throw new GreenroomError("CALL_REFUSED", "the release holds no such contents");
}
