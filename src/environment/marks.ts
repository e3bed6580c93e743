import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensureDirectory, writeJsonDurably } from "../disk/durable.ts";
import { type Site, siteOf } from "./site.ts";
import { listSites } from "./state.ts";
import type { Scene } from "./world.ts";

/** A release that a rollback left is bad until somebody sends visitors to it all the same. */
export function markRelease({ site, world }: Scene, release: string, bad: boolean): void {
  const mark = markPath(site, release);
  if (bad) {
    ensureDirectory(dirname(mark));
    writeJsonDurably(mark, { at: world.now().toISOString(), by: world.by });
  } else rmSync(mark, { force: true });
}

/** In all environments of the project, as they have the store's releases in common. */
export function forgetMarks({ root, project }: Site, release: string): void {
  for (const other of listSites(root)) {
    if (other.project !== project) continue;
    rmSync(markPath(siteOf(root, project, other.environment), release), { force: true });
  }
}

function markPath(site: Site, release: string): string {
  return join(site.dir, "bad", release);
}
