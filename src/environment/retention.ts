import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureDirectory, readJsonIfWhole, writeJsonDurably } from "../disk/durable.ts";
import { discardTree } from "../disk/remove.ts";
import type { ManifestHead } from "../release/manifest.ts";
import { readHead, type Store } from "../release/store.ts";
import { dropAssets } from "./assets.ts";
import { readStaged } from "./config.ts";
import { type EnvironmentLink, environmentLinks } from "./links.ts";
import { at, type Site } from "./site.ts";
import { type EnvironmentState, isVisible, listNames, readState, referenced, SPARE } from "./state.ts";
import type { Scene } from "./world.ts";

/** Trees that may go: all but the newest, and but those that a side points at. */
export function releasesToRetire(state: EnvironmentState, keep: number): string[] {
  const kept = new Set(referenced(state));
  const others = state.releases.filter((release) => !kept.has(release));
  return others.slice(Math.max(0, keep - kept.size));
}

/**
 * Takes a release off the disk; its manifest and contents stay in the store. Its tree stays as the spare one, because
 * turning an old tree into the next costs only the difference, where deleting one and linking another cost all of both.
 */
export function retireRelease({ site, world }: Scene, release: string): void {
  const tree = at.release(site, release);
  if (referenced(readState(site)).includes(release)) return;
  if (existsSync(tree)) {
    const spare = listNames(at.releases(site)).some((name) => name.startsWith(SPARE));
    if (spare) discardTree(tree);
    else keepAsSpare(site, world.store, release);
  }
  dropAssets(site, release);
  rmSync(at.config(site, release), { recursive: true, force: true });
  rmSync(at.staged(site, release), { force: true });
}

function keepAsSpare(site: Site, store: Store, release: string): void {
  const staged = readStaged(site, release);
  const digest = readHead(store, site.project, release)?.digest;
  if (!staged || !digest) {
    discardTree(at.release(site, release));
    return;
  }
  const links = environmentLinks(staged.storage, staged.config, release);
  ensureDirectory(at.run(site));
  writeJsonDurably(spareLinks(site), { release, digest, links });
  renameSync(at.release(site, release), spareTree(site, release));
}

/** The environment's links in the spare tree, if it is of this very release: a version can be given twice. */
export function readSpareLinks(site: Site, { version, digest }: ManifestHead): EnvironmentLink[] | null {
  const known = readJsonIfWhole<{ release: string; digest: string; links: EnvironmentLink[] }>(
    spareLinks(site),
  );
  return known?.release === version && known.digest === digest ? known.links : null;
}

export function spareTree(site: Site, release: string): string {
  return join(at.releases(site), `${SPARE}${release}`);
}

export function dropSpares(site: Site): void {
  for (const name of listNames(at.releases(site))) {
    if (!isVisible(name)) discardTree(join(at.releases(site), name));
  }
}

function spareLinks(site: Site): string {
  return join(at.run(site), "spare.json");
}
