import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Site, siteOf } from "../../environment/site.ts";
import { errnoOf } from "../../errors.ts";

export interface Listing {
  sites: Site[];
  /** The folders in which new environments appear. */
  folders: string[];
}

/** Throws where folders can't be read, so that nobody takes a lack of file descriptors for removed environments. */
export async function listSites(root: string): Promise<Listing> {
  const all = join(root, "sites");
  const projects = await listFolders(all);
  const sites = projects.map(async (project) => {
    const environments = await listFolders(join(all, project));
    return environments.map((environment) => siteOf(root, project, environment));
  });
  return {
    sites: (await Promise.all(sites)).flat(),
    folders: [all, ...projects.map((name) => join(all, name))],
  };
}

async function listFolders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error) => {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name);
}
