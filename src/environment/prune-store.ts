import { lstatSync, readdirSync, rmSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { orNull, syncDirectory } from "../disk/durable.ts";
import { clearDead } from "../release/intake.ts";
import { clearParts } from "../release/parts.ts";
import { readIndexHead } from "../release/source-index.ts";
import {
  findRelease,
  listProjects,
  listVersions,
  manifestPath,
  objectName,
  type Store,
} from "../release/store.ts";
import { lastVersion } from "../release/versions.ts";
import { type Site, siteOf } from "./site.ts";
import { listNames, listSites, readState } from "./state.ts";

/** Releases of the site's project that no environment on this machine has on disk, once `retired` have left this one. */
export function findDroppable(site: Site, store: Store, retired: string[], now: Date): string[] {
  const { root, project } = site;
  const needed = listSites(root)
    .filter((other) => other.project === project)
    .flatMap(({ environment }) => {
      const { releases } = readState(siteOf(root, project, environment));
      return environment === site.environment ? releases.filter((one) => !retired.includes(one)) : releases;
    });
  const versions = listVersions(store, project);
  // Its number would be given again, to something that the journals know as what it was.
  const last = lastVersion(versions, now);
  return versions.filter((version) => !needed.includes(version) && version !== last);
}

/** What the store could do without once these releases are gone. */
export function findUnneeded(
  store: Store,
  project: string,
  dropped: string[],
): { objects: number; bytes: number } {
  const files = unneededObjects(store, (name, version) => name === project && dropped.includes(version));
  return { objects: files.length, bytes: files.reduce((sum, file) => sum + lstatSync(file).size, 0) };
}

export function dropRelease(store: Store, project: string, release: string): void {
  const path = manifestPath(store, project, release);
  rmSync(path, { force: true });
  store.known.delete(path);
  syncDirectory(dirname(path));
}

export function sweepObjects(store: Store): void {
  for (const file of unneededObjects(store, () => false)) unlinkSync(file);
  clearDead(store);
  clearParts(store);
  for (const name of orNull(() => readdirSync(store.index), "ENOENT") ?? [])
    dropStaleIndex(store, join(store.index, name));
}

function unneededObjects(store: Store, isGone: (project: string, version: string) => boolean): string[] {
  const needed = neededObjects(store, isGone);
  // What else somebody put there isn't ours to delete; `verify` names it.
  const folders = listNames(store.objects).filter((name) => /^[0-9a-f]{2}$/.test(name));
  return folders.flatMap((folder) =>
    listNames(join(store.objects, folder))
      .filter((name) => isObject(name) && !needed.has(name))
      .map((name) => join(store.objects, folder, name)),
  );
}

function isObject(name: string): boolean {
  return /^[0-9a-f]{64}(\.x)?$/.test(name);
}

function neededObjects(store: Store, isGone: (project: string, version: string) => boolean): Set<string> {
  const needed = new Set<string>();
  for (const project of listProjects(store)) {
    for (const version of listVersions(store, project)) {
      if (isGone(project, version)) continue;
      for (const entry of findRelease(store, project, version)?.entries ?? []) {
        if (entry.kind === "file") needed.add(objectName(entry));
      }
    }
  }
  return needed;
}

function dropStaleIndex(store: Store, path: string): void {
  const head = readIndexHead(path);
  if (!head || !findRelease(store, head.project, head.version)) unlinkSync(path);
}
