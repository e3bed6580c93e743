import { renameSync } from "node:fs";
import { syncDirectory, syncFileSystem, temporaryName } from "../disk/durable.ts";
import { discardTree, removeTree } from "../disk/remove.ts";
import type { Entry } from "../release/manifest.ts";
import { findRelease, readRelease } from "../release/store.ts";
import { turnTree } from "../release/tree.ts";
import { environmentLinks, treeEntries } from "./links.ts";
import { dropSpares, readSpareLinks, spareTree } from "./retention.ts";
import { at } from "./site.ts";
import type { Scene } from "./world.ts";

/** A release's tree appears under its name only when it is whole and durable. */
export function buildTree(scene: Scene, release: string, recycle: string | null): void {
  const { site, spec, world } = scene;
  const manifest = readRelease(world.store, spec.project, release);
  const configured = spec.config.map(({ path }) => path);
  const after = treeEntries(manifest.entries, environmentLinks(spec.storage, configured, release));
  const building = temporaryName(at.release(site, release));
  try {
    const before = recycle === null ? null : takeSpare(scene, recycle, building);
    turnTree(world.store, building, before ?? [], after, world.emit);
    syncFileSystem(building);
    discardTree(at.release(site, release));
    renameSync(building, at.release(site, release));
  } catch (error) {
    removeTree(building);
    throw error;
  }
  syncDirectory(at.releases(site));
}

/** Null, and the spare tree gone, where it isn't known for sure what it holds. */
function takeSpare({ site, spec, world }: Scene, recycle: string, building: string): Entry[] | null {
  const manifest = findRelease(world.store, spec.project, recycle);
  const links = manifest && readSpareLinks(site, manifest);
  if (!links) {
    dropSpares(site);
    return null;
  }
  renameSync(spareTree(site, recycle), building);
  return treeEntries(manifest.entries, links);
}
