import { realpathSync, type Stats, statSync } from "node:fs";
import { at, type Site } from "../../environment/site.ts";
import type { StagedSpec } from "../../environment/spec.ts";
import type { FileCache } from "./file-cache.ts";
import { isSame, readJsonFresh } from "./fresh-json.ts";
import { statNow } from "./glance.ts";
import type { StaticFile } from "./static-file.ts";

/** A release as the router knows it: for as long as its folder and its spec are the same ones. */
export interface Release {
  site: Site;
  version: string;
  /** The real path of its tree. */
  dir: string;
  spec: StagedSpec;
  identity: Stats;
  /** What was found for a path in the tree proper, which never changes. */
  files: Map<string, StaticFile>;
  /** Paths at which the tree has nothing. */
  absent: Set<string>;
}

export interface Releases {
  /** Null where the release isn't on disk or has no spec. */
  read(site: Site, version: string): Release | null;
}

export function createReleases(cache: FileCache): Releases {
  const known = new Map<string, Release>();
  return {
    read(site, version) {
      const place = at.release(site, version);
      const identity = statNow(place);
      const spec = readJsonFresh<StagedSpec>(at.staged(site, version));
      const release = known.get(place);
      if (release && identity && release.spec === spec && isSame(release.identity, identity)) return release;
      if (release) forget(known, place, cache);
      if (!identity || !spec?.serve) return null;
      if (known.size >= LIMIT) forget(known, known.keys().next().value!, cache);
      const dir = realpathSync(place);
      const fresh: Release = { site, version, dir, spec, identity, files: new Map(), absent: new Set() };
      known.set(place, fresh);
      return fresh;
    },
  };
}

/** Whether the tree is still the one that was looked up: `touched` by a repair, or `gone` to become another release. */
export function conditionOf(release: Release): "same" | "touched" | "gone" {
  const now = statSync(release.dir, { throwIfNoEntry: false });
  if (now?.ino !== release.identity.ino) return "gone";
  return isSame(now, release.identity) ? "same" : "touched";
}

const LIMIT = 256;

function forget(known: Map<string, Release>, place: string, cache: FileCache): void {
  const release = known.get(place);
  known.delete(place);
  if (release) cache.drop(release.files);
}
