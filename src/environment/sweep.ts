import { existsSync, readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { orNull, readPointer } from "../disk/durable.ts";
import { discardTree, removeTree } from "../disk/remove.ts";
import { readStaged } from "./config.ts";
import { hostTarget } from "./identity.ts";
import { at, type Site } from "./site.ts";
import { isVisible, listNames, readState, referenced } from "./state.ts";
import { sweepGenerations } from "./traffic.ts";

const TEMPORARY_NAME = /^\.tmp-[0-9a-f]{12}-/;

/** Removes what a run that died half made. Nothing of it has a name that anybody uses. */
export function sweepLeftovers(site: Site): void {
  const folders = [
    site.dir,
    at.releases(site),
    at.run(site),
    at.previews(site),
    at.generations(site),
    at.pins(site),
    at.storage(site),
    join(site.dir, "assets", "of"),
    join(site.dir, "bad"),
  ];
  for (const folder of folders) sweepTemporary(folder);
  sweepHosts(site);
  sweepGenerations(site);
  sweepTrees(site);
  sweepConfig(site);
}

function sweepTemporary(folder: string): void {
  for (const name of readNames(folder)) {
    if (TEMPORARY_NAME.test(name)) removeTree(join(folder, name));
  }
}

/** What removals of environments that died left, of all projects. */
export function findRemoved(root: string): string[] {
  const sites = join(root, "sites");
  return listNames(sites)
    .filter(isVisible)
    .flatMap((project) => readNames(join(sites, project)).map((name) => join(sites, project, name)))
    .filter((path) => TEMPORARY_NAME.test(basename(path)));
}

/** For whoever has the store alone: a removal that is still at work shares it. */
export function sweepRemoved(root: string): void {
  for (const path of findRemoved(root)) removeTree(path);
}

/** All environments share the hosts: only what leads to this one is known to be nobody's any more. */
function sweepHosts(site: Site): void {
  const hosts = at.hosts(site.root);
  for (const name of readNames(hosts)) {
    const ours = TEMPORARY_NAME.test(name) && readPointer(join(hosts, name)) === hostTarget(site);
    if (ours) rmSync(join(hosts, name));
  }
}

/** Trees of releases that never got their configuration. */
function sweepTrees(site: Site): void {
  const state = readState(site);
  const unshown = state.releases.filter((release) => !referenced(state).includes(release));
  for (const release of unshown) if (!readStaged(site, release)) discardTree(at.release(site, release));
}

/** Configuration of releases that never got their tree. */
function sweepConfig(site: Site): void {
  const folder = join(site.dir, "config");
  sweepTemporary(folder);
  const releases = new Set(listNames(folder).map((name) => name.replace(/\.json$/, "")));
  for (const release of releases) {
    if (existsSync(at.release(site, release))) continue;
    rmSync(at.config(site, release), { recursive: true, force: true });
    rmSync(at.staged(site, release), { force: true });
  }
}

function readNames(folder: string): string[] {
  return orNull(() => readdirSync(folder), "ENOENT", "ENOTDIR") ?? [];
}
