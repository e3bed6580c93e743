import { z } from "zod";
import { GreenroomError } from "../../errors.ts";
import { isName } from "../../names.ts";
import { lackingContents, recordDelivered, takeContents, takePart } from "../../release/delivery.ts";
import type { Entry, Manifest, ManifestHead } from "../../release/manifest.ts";
import { sizeOfPart } from "../../release/parts.ts";
import { listHeads, lockStore, readRelease, type Store } from "../../release/store.ts";
import { parse } from "../calls.ts";
import { parseContents, parseHead, parseManifest, parsePart } from "./incoming.ts";

const name = z.string().refine(isName);

/** Where the files stand whose contents are lacking, and how much of which has come. */
export interface Lacking {
  lacks: number[];
  begun: [index: number, bytes: number][];
}

/** What comes in over one line, release by release. */
export interface Deliveries {
  /** The releases of a project that are here. */
  heads(request: { project: unknown }): { heads: ManifestHead[] };
  /** A release, by how it differs from one that is here. */
  offer(request: { head: unknown; base: unknown }, body: Buffer): Lacking;
  /** Some of them, one after the other. */
  put(request: { contents: unknown }, body: Buffer): { taken: number };
  /** More of a large one. */
  part(request: { content: unknown; at: unknown }, body: Buffer): { whole: boolean };
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
      const known = new Set(before);
      offered = { manifest, known };
      return lackingOf(store, manifest, known);
    },
    put({ contents }, body) {
      const taken = parseContents(current().manifest, contents, body);
      takeContents(store, taken);
      return { taken: taken.length };
    },
    part({ content, at }, body) {
      const part = parsePart(current().manifest, { content, at }, body);
      return { whole: takePart(store, part.entry, part.at, part.bytes) };
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

/** `known` are entries of a release that is there. */
export function lackingOf(store: Store, manifest: Manifest, known: ReadonlySet<Entry>): Lacking {
  const place = new Map(manifest.entries.map((entry, i) => [entry, i]));
  const lacking = lackingContents(store, manifest, known);
  const begun = lacking.map((entry): [number, number] => [place.get(entry)!, sizeOfPart(store, entry)]);
  return { lacks: begun.map(([index]) => index), begun: begun.filter(([, size]) => size > 0) };
}
