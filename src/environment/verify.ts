import { GreenroomError } from "../errors.ts";
import { countOf } from "../events.ts";
import type { Manifest } from "../release/manifest.ts";
import { forgetIndexes, repairStore, repairTree, setAside } from "../release/repair.ts";
import { findRelease, listVersions, manifestPath, type Store } from "../release/store.ts";
import {
  createHasher,
  findLostObjects,
  findStoreProblems,
  findTreeProblems,
  type Hasher,
  type Problem,
} from "../release/verify.ts";
import { readStaged } from "./config.ts";
import { environmentLinks, treeEntries } from "./links.ts";
import { assertExists, takeLock } from "./operation.ts";
import { at } from "./site.ts";
import { readState } from "./state.ts";
import type { Scene } from "./world.ts";

export interface Verified {
  releases: number;
  problems: Problem[];
}

/** Every byte of the environment's releases and of the store. What differs is repaired where a good copy is known. */
export async function verify(scene: Scene, { dryRun }: { dryRun: boolean }): Promise<Verified> {
  assertExists(scene);
  const lock = dryRun ? null : takeLock(scene, "verify");
  try {
    const found = findProblems(scene, !dryRun);
    const left = found.problems.filter((problem) => !problem.repaired);
    if (left.length > 0) throw damaged(scene, found, left);
    return found;
  } finally {
    lock?.release();
  }
}

function findProblems(scene: Scene, repair: boolean): Verified {
  const { site, world } = scene;
  const hash = createHasher();
  const store = findStoreProblems(world.store, hash);
  if (repair) repairStore(world.store, store);
  const { releases } = readState(site);
  const trees = releases.flatMap((release, i) => {
    world.emit({ event: "progress", what: "verify", done: i + 1, total: releases.length, unit: "releases" });
    return verifyRelease(scene, release, hash, repair);
  });
  const lost = listVersions(world.store, site.project).flatMap((version) => {
    const manifest = readIfWhole(scene, version);
    return manifest ? findLostObjects(world.store, version, manifest.entries) : [damagedManifest(version)];
  });
  if (repair) setManifestsAside(world.store, site.project, lost);
  if (repair && [...store, ...lost].some(({ repaired }) => !repaired)) forgetIndexes(world.store);
  return { releases: releases.length, problems: [...store, ...lost, ...trees] };
}

function readIfWhole({ site, world }: Scene, version: string): Manifest | null {
  try {
    return findRelease(world.store, site.project, version);
  } catch (error) {
    if (error instanceof GreenroomError && error.code === "VERIFY_FAILED") return null;
    throw error;
  }
}

const ITS_MANIFEST = "its manifest";

function damagedManifest(release: string): Problem {
  return { place: release, path: ITS_MANIFEST, fault: "changed", repaired: false };
}

/** Gone from its place, a release can be staged anew under its name. */
function setManifestsAside(store: Store, project: string, problems: Problem[]): void {
  for (const { place, path } of problems) {
    if (path === ITS_MANIFEST)
      setAside(store, manifestPath(store, project, place), `${project}-${place}.json`);
  }
}

function verifyRelease(scene: Scene, release: string, hash: Hasher, repair: boolean): Problem[] {
  const { site, world } = scene;
  const isKnown = listVersions(world.store, site.project).includes(release);
  const manifest = readIfWhole(scene, release);
  // That it is damaged was said of the store.
  if (isKnown && !manifest) return [];
  const staged = readStaged(site, release);
  if (!manifest || !staged) {
    return [
      {
        place: release,
        path: manifest ? "its configuration" : ITS_MANIFEST,
        fault: "missing",
        repaired: false,
      },
    ];
  }
  const dir = at.release(site, release);
  const entries = treeEntries(manifest.entries, environmentLinks(staged.storage, staged.config, release));
  const problems = findTreeProblems(dir, release, entries, hash);
  if (repair && problems.length > 0) repairTree(world.store, dir, entries, problems);
  return problems;
}

function damaged({ site }: Scene, found: Verified, left: Problem[]): GreenroomError {
  const repaired = found.problems.length - left.length;
  return new GreenroomError(
    "VERIFY_FAILED",
    `${countOf(left.length, "file")} ${left.length === 1 ? "differs" : "differ"}, ${repaired} more ${repaired === 1 ? "was" : "were"} repaired`,
    {
      detail: left.map(({ place, path, fault }) => `${place}: ${path} (${fault})`),
      hint: `stage the release again from its source, then: greenroom verify ${site.environment}`,
    },
  );
}
