import { z } from "zod";
import { isName } from "../names.ts";
import { makeDelta } from "../release/delta.ts";
import { readRelease, type Store } from "../release/store.ts";
import { pack, packContents } from "./batches.ts";
import { parse } from "./calls.ts";
import { commonRelease } from "./deliver.ts";
import { Parcel } from "./wire.ts";

const name = z.string().refine(isName);
const release = { project: name, version: name };
const manifestRequest = z.strictObject({
  ...release,
  /** Releases that the caller has. */
  known: z.array(z.strictObject({ version: name, digest: z.string() })),
});
const contentsRequest = z.strictObject({ ...release, contents: z.array(z.int().nonnegative()) });

/** A release of this machine's, as the difference to the youngest one that its caller has, too. */
export function lendManifest(store: Store, request: object): Parcel {
  const { project, version, known } = parse(manifestRequest, request);
  const { entries, ...head } = readRelease(store, project, version);
  const base = commonRelease(
    store,
    known.map((one) => ({ project, ...one })),
  );
  const delta = makeDelta(base?.entries ?? [], entries);
  return new Parcel({ head, base: base?.version ?? null }, pack(JSON.stringify(delta)));
}

/** The contents of some of its files. */
export function lendContents(store: Store, request: object): Parcel {
  const { project, version, contents } = parse(contentsRequest, request);
  const { entries } = readRelease(store, project, version);
  const files = contents.filter((index) => entries[index]?.kind === "file");
  return new Parcel({ contents: files }, packContents(store, files, entries));
}
