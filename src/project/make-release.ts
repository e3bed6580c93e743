import { relative } from "node:path";
import { at } from "../environment/site.ts";
import type { Scene } from "../environment/world.ts";
import { assertVersion, slug } from "../names.ts";
import { collect } from "../release/collect.ts";
import type { Manifest, ManifestHead } from "../release/manifest.ts";
import { overlay } from "../release/merge.ts";
import { recordRelease } from "../release/record.ts";
import { readIndex, writeIndex } from "../release/source-index.ts";
import { assertOneFileSystem, listHeads, readRelease } from "../release/store.ts";
import type { Ground } from "../release/walk.ts";
import { createIgnores } from "./ignores.ts";
import { keyFilesIn } from "./keys.ts";
import { assertPublic } from "./public.ts";
import type { Source } from "./source.ts";

export interface ReleaseOptions {
  version: string | undefined;
  /** Lay what was collected over this release. */
  onto: Manifest | null;
  /** Versions that this can't be, although their content may be the same. */
  avoid: string[];
  /** Releases of the project on the machine that this one is for. */
  elsewhere: ManifestHead[];
}

export interface Made {
  manifest: Manifest;
  /** How many files had to be read, because they were new or looked different. */
  read: number;
}

/** Takes the source into the store and gives it a version; the same content is the same release. */
export function makeRelease(
  scene: Scene,
  source: Source,
  { version, onto, avoid, elsewhere }: ReleaseOptions,
): Made {
  const { site, spec, world } = scene;
  assertOneFileSystem(world.store, at.releases(site));
  const index = onto ? null : readIndex(world.store, spec.project, source.dir);
  const ground = groundOf(source, spec.storage, world.root);
  const seen = collect({
    ...ground,
    store: world.store,
    index,
    lastRelease: lastReleaseOf(scene),
    emit: world.emit,
  });
  const entries = onto ? overlay(onto.entries, seen.entries) : seen.entries;
  assertPublic(spec, entries);
  const manifest = recordRelease(
    world.store,
    {
      project: spec.project,
      entries,
      version: chooseVersion(version, source),
      elsewhere,
      avoid,
      source: { from: source.from, commit: source.commit, mergedOnto: onto?.version ?? null },
    },
    world.now(),
  );
  if (!onto && seen.read > 0) writeIndex(world.store, source.dir, manifest, seen.found, seen.seenAt);
  return { manifest, read: seen.read };
}

/** What of the source may become part of a release: never the root itself or a key, should it lie in there. */
export function groundOf(source: Source, storage: string[], root: string): Ground {
  const ignores = createIgnores(source.project.dir, source.project.file.ignore);
  const inner = `${relative(source.dir, root)}/`;
  const keys = keyFilesIn(source.dir, source.project);
  const isOurs = (path: string) => path === inner || keys.has(path);
  return { source: source.dir, ignores: (path) => isOurs(path) || ignores(path), storage };
}

/** What the user asked for, else the git tag, else null: the day and a number. */
export function chooseVersion(version: string | undefined, source: Source): string | null {
  const chosen = version ?? (source.tag === null ? null : slug(source.tag));
  if (chosen !== null) assertVersion(chosen);
  return chosen;
}

/** In seconds; nothing in the releases that were made last is younger. */
function lastReleaseOf({ world, spec }: Scene): number {
  const heads = listHeads(world.store, spec.project);
  const secondOf = ({ created }: ManifestHead) => Math.floor(Date.parse(created) / 1000);
  const last = heads[0] ? secondOf(heads[0]) : 0;
  let youngest = last;
  for (const { version } of heads.filter((head) => secondOf(head) === last)) {
    for (const entry of readRelease(world.store, spec.project, version).entries) {
      if (entry.kind === "file" && entry.mtime > youngest) youngest = entry.mtime;
    }
  }
  return youngest;
}
