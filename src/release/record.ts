import { syncFileSystem } from "../disk/durable.ts";
import { GreenroomError } from "../errors.ts";
import { clearDead } from "./intake.ts";
import { type Entry, type Manifest, type ManifestHead, makeManifest, type Source } from "./manifest.ts";
import { addRelease, listHeads, listVersions, readHead, readRelease, type Store } from "./store.ts";
import { nextVersion } from "./versions.ts";

export interface NewRelease {
  project: string;
  entries: Entry[];
  /** Null: the next free version of the day. */
  version: string | null;
  /** Versions that can't be had again although their content may be the same. */
  avoid: string[];
  /** Of the same project, in the store of the machine that this one is for. */
  elsewhere: Pick<ManifestHead, "version" | "digest">[];
  source: Source;
}

/** Records a release, or finds the one that has the same content: content is never recorded twice by itself. */
export function recordRelease(store: Store, release: NewRelease, now: Date): Manifest {
  clearDead(store);
  // Objects first: a manifest that survives a power cut must find them.
  syncFileSystem(store.dir);
  return release.version === null
    ? recordUnnamed(store, release, now)
    : recordNamed(store, release, release.version, now);
}

function recordUnnamed(store: Store, release: NewRelease, now: Date): Manifest {
  for (;;) {
    const taken = [...listVersions(store, release.project), ...release.elsewhere.map((head) => head.version)];
    const manifest = describe(release, nextVersion(taken, now), now);
    const isSame = (head: Pick<ManifestHead, "version" | "digest">) =>
      head.digest === manifest.digest && !release.avoid.includes(head.version) && !isOther(head, release);
    const there = release.elsewhere.find(isSame);
    if (there && readHead(store, release.project, there.version) === null) {
      return recordNamed(store, release, there.version, now);
    }
    const same = listHeads(store, release.project).find(isSame);
    if (same) return readRelease(store, release.project, same.version);
    if (addRelease(store, manifest)) return manifest;
  }
}

/** Elsewhere it is the name of another content. */
function isOther({ version, digest }: Pick<ManifestHead, "version" | "digest">, { elsewhere }: NewRelease) {
  return elsewhere.some((head) => head.version === version && head.digest !== digest);
}

function recordNamed(store: Store, release: NewRelease, version: string, now: Date): Manifest {
  const manifest = describe(release, version, now);
  if (addRelease(store, manifest)) return manifest;
  if (readHead(store, release.project, version)?.digest === manifest.digest) {
    return readRelease(store, release.project, version);
  }
  throw new GreenroomError("VERSION_EXISTS", `${release.project} ${version} exists with other content`, {
    hint: "choose another name with --version, or leave it out",
  });
}

function describe({ project, source, entries }: NewRelease, version: string, now: Date): Manifest {
  return makeManifest({ project, version, created: now.toISOString(), source }, entries);
}
