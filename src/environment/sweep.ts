import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { orNull } from "../disk/durable.ts";
import { removeTree } from "../disk/remove.ts";
import { at, type Site } from "./site.ts";
import type { EnvironmentSpec } from "./spec.ts";
import { listNames } from "./state.ts";
import { sweepGenerations } from "./traffic.ts";

const TEMPORARY_NAME = /^\.tmp-[0-9a-f]{12}-/;

/** Removes what a run that died half made. Nothing of it has a name that anybody uses. */
export function sweepLeftovers(site: Site, spec: EnvironmentSpec): void {
  const storages = spec.storage.map((path) => dirname(at.storage(site, path)));
  const folders = [site.dir, at.releases(site), at.run(site), at.previews(site), at.generations(site), join(site.dir, "bad")];
  for (const folder of [...folders, ...storages]) sweepTemporary(folder);
  sweepGenerations(site);
  sweepConfig(site);
}

function sweepTemporary(folder: string): void {
  for (const name of orNull(() => readdirSync(folder), "ENOENT") ?? []) {
    if (TEMPORARY_NAME.test(name)) removeTree(join(folder, name));
  }
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
