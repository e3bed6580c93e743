import { inflateRawSync } from "node:zlib";
import { z } from "zod";
import { GreenroomError } from "../errors.ts";
import { isName } from "../names.ts";
import { digestOf } from "../release/columns.ts";
import { lackingContents, recordDelivered, takeContents, takePart } from "../release/delivery.ts";
import { applyDelta, type Delta } from "../release/delta.ts";
import type { Entry, Manifest, ManifestHead } from "../release/manifest.ts";
import { sizeOfPart } from "../release/parts.ts";
import { listHeads, lockStore, readRelease, type Store } from "../release/store.ts";
import { staysInside } from "../release/walk.ts";
import { parse } from "./calls.ts";

const name = z.string().refine(isName);
const digest = z.string().regex(/^[0-9a-f]{64}$/);

const headSchema = z.strictObject({
  format: z.literal(1),
  project: name,
  version: name,
  digest,
  files: z.int().nonnegative(),
  bytes: z.number().nonnegative(),
  created: z.iso.datetime(),
  source: z.strictObject({
    from: z.string().max(4096),
    commit: z.string().max(200).nullable(),
    mergedOnto: name.nullable(),
  }),
}) satisfies z.ZodType<ManifestHead>;

const deltaSchema = z.strictObject({
  removed: z.array(z.string()),
  added: z.strictObject({
    paths: z.string(),
    kinds: z.string().regex(/^[fxld]*$/),
    sha256: z.string().regex(/^(?:[0-9a-f]{64})*$/),
    sizes: z.array(z.int().nonnegative()),
    mtimes: z.array(z.int()),
    targets: z.array(z.string()),
  }),
}) satisfies z.ZodType<Delta>;

/** What comes in over one line, release by release. */
export interface Deliveries {
  /** The releases of a project that are here. */
  heads(request: { project: unknown }): { heads: ManifestHead[] };
  /** A release, by how it differs from one that is here; answers which contents are lacking, and how much of which came. */
  offer(
    request: { head: unknown; base: unknown },
    body: Buffer,
  ): { lacks: number[]; begun: [number, number][] };
  /** Some of them, one after the other. */
  put(request: { contents: unknown }, body: Buffer): { taken: number };
  /** More of a large one. */
  part(request: { content: unknown; at: unknown }, body: Buffer): { whole: boolean };
  record(): { recorded: string };
}

/** No release unpacks to as much. */
const UNPACKED = { maxOutputLength: 256 * 1024 * 1024 };

export function createDeliveries(store: Store): Deliveries {
  let offered: { manifest: Manifest; known: Set<Entry> } | null = null;
  const current = () => {
    if (offered) return offered;
    throw new GreenroomError("CALL_REFUSED", "no release was offered before");
  };
  return {
    heads: ({ project }) => ({ heads: listHeads(store, parse(name, project)) }),
    offer({ head: given, base: from }, body) {
      const head = parse(headSchema, given);
      const base = parse(name.nullable(), from);
      const delta = parse(deltaSchema, JSON.parse(inflateRawSync(body, UNPACKED).toString("utf8")));
      const before = base === null ? [] : readRelease(store, head.project, base).entries;
      const entries = applyDelta(before, delta);
      const known = new Set(before);
      assertEntries(entries, known);
      const manifest = { ...head, entries };
      if (digestOf(entries) !== head.digest) throw damaged(head.version);
      const lacks = lackingContents(store, manifest, known);
      offered = { manifest, known };
      const place = new Map(entries.map((entry, i) => [entry, i]));
      const begun = lacks.map((entry): [number, number] => [place.get(entry)!, sizeOfPart(store, entry)]);
      return { lacks: begun.map(([index]) => index), begun: begun.filter(([, size]) => size > 0) };
    },
    put({ contents }, body) {
      const { manifest } = current();
      const bytes = inflateRawSync(body, UNPACKED);
      let at = 0;
      const taken = parse(z.array(z.int().nonnegative()), contents).map((index) => {
        const entry = manifest.entries[index];
        if (entry?.kind !== "file") throw damaged(manifest.version);
        at += entry.size;
        return { entry, bytes: bytes.subarray(at - entry.size, at) };
      });
      takeContents(store, taken);
      return { taken: taken.length };
    },
    part({ content, at }, body) {
      const { manifest } = current();
      const entry = manifest.entries[parse(z.int().nonnegative(), content)];
      if (entry?.kind !== "file") throw damaged(manifest.version);
      const bytes = inflateRawSync(body, UNPACKED);
      return { whole: takePart(store, entry, parse(z.int().nonnegative(), at), bytes) };
    },
    record() {
      const { manifest, known } = current();
      const lock = lockStore(store, "shared", {});
      try {
        recordDelivered(store, manifest, known);
      } finally {
        lock.release();
      }
      return { recorded: manifest.version };
    },
  };
}

/** What becomes a path on this machine is looked at again, whoever has made it. */
function assertEntries(entries: Entry[], known: ReadonlySet<Entry>): void {
  const paths = new Set<string>();
  for (const entry of entries) {
    if (known.has(entry)) continue;
    const { path } = entry;
    const parts = path.split("/");
    const isFit = !path.includes("\0") && parts.every((part) => !["", ".", ".."].includes(part));
    const stays = entry.kind !== "link" || staysInside(path, entry.target);
    if (!isFit || !stays || paths.has(path))
      throw new GreenroomError("CALL_REFUSED", `a release holds no ${JSON.stringify(path)}`);
    paths.add(path);
  }
}

function damaged(version: string): GreenroomError {
  return new GreenroomError("VERIFY_FAILED", `${version} came damaged over the line`, {
    hint: "give the same command again",
  });
}
