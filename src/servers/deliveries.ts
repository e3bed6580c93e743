import { z } from "zod";
import { GreenroomError } from "../errors.ts";
import { isName } from "../names.ts";
import { lackingContents, recordDelivered, takeContents } from "../release/delivery.ts";
import type { Entry, Manifest, ManifestHead } from "../release/manifest.ts";
import { listHeads, lockStore, readRelease, type Store } from "../release/store.ts";
import { parse } from "./calls.ts";
import { parseContents, parseHead, parseManifest } from "./incoming.ts";

const name = z.string().refine(isName);

/** What comes in over one line, release by release. */
export interface Deliveries {
  /** The releases of a project that are here. */
  heads(request: { project: unknown }): { heads: ManifestHead[] };
  /** A release, by how it differs from one that is here; answers which contents are lacking. */
  offer(request: { head: unknown; base: unknown }, body: Buffer): { lacks: number[] };
  /** Some of them, one after the other. */
  put(request: { contents: unknown }, body: Buffer): { taken: number };
  record(): { recorded: string };
}

export function createDeliveries(store: Store): Deliveries {
  let offered: { manifest: Manifest; known: Set<Entry> } | null = null;
  const current = () => {
    if (offered) return offered;
    throw new GreenroomError("CALL_REFUSED", "no release was offered before");
  };
  return {
    heads: ({ project }) => ({ heads: listHeads(store, parse(name, project)) }),
    offer({ head: given, base: from }, body) {
      const head = parseHead(given);
      const base = parse(name.nullable(), from);
      const before = base === null ? [] : readRelease(store, head.project, base).entries;
      const manifest = parseManifest(head, before, body);
      offered = { manifest, known: new Set(before) };
      return { lacks: lackingIndexes(store, manifest) };
    },
    put({ contents }, body) {
      const taken = parseContents(current().manifest, contents, body);
      takeContents(store, taken);
      return { taken: taken.length };
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

/** Where the files stand whose contents the store lacks. */
export function lackingIndexes(store: Store, manifest: Manifest): number[] {
  const place = new Map(manifest.entries.map((entry, i) => [entry, i]));
  return lackingContents(store, manifest).map((entry) => place.get(entry)!);
}
