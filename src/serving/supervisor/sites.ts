import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Site, siteOf } from "../../environment/site.ts";
import { errnoOf } from "../../errors.ts";

/** Throws where folders can't be read, so that nobody takes a lack of file descriptors for removed environments. */
export async function listSites(root: string): Promise<Site[]> {
  const projects = await listFolders(join(root, "sites"));
  const sites = projects.map(async (project) => {
    const environments = await listFolders(join(root, "sites", project));
    return environments.map((environment) => siteOf(root, project, environment));
  });
  return (await Promise.all(sites)).flat();
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
