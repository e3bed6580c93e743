import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { readJsonIfWhole, writeJsonDurably } from "../../disk/durable.ts";
import { at, type Site } from "../../environment/site.ts";
import { takeTurn } from "../turns.ts";
import { type Fpm, phpAt } from "./places.ts";
import { readFpmPid, reloadFpm } from "./program.ts";

/**
 * An opcode cache knows code by its path. That is a release's own, but a name can come back with something else behind
 * it: configuration that was rendered anew, or a release that was dropped and made again. Then what is cached goes.
 */
export async function forgetCachedIfChanged(fpm: Fpm, site: Site, release: string): Promise<void> {
  const path = join(at.run(site), "php.cached.json");
  const known = readJsonIfWhole<Record<string, string>>(path) ?? {};
  const now = stampOf(site, release);
  if (known[release] === now) return;
  const isChanged = known[release] !== undefined && readFpmPid(fpm) !== null;
  if (isChanged) await reloadInTurn(fpm, site.root);
  writeJsonDurably(path, { ...(isChanged ? {} : known), [release]: now });
}

async function reloadInTurn(fpm: Fpm, root: string): Promise<void> {
  const lock = await takeTurn(phpAt.lock(root), "PHP-FPM");
  try {
    await reloadFpm(fpm);
  } finally {
    lock.release();
  }
}

/** Equal for as long as the release's files are the same ones. */
function stampOf(site: Site, release: string): string {
  const hash = createHash("sha256");
  // Its manifest never changes: another one is another release.
  const manifest = statSync(join(site.root, "store/releases", site.project, `${release}.json`), {
    throwIfNoEntry: false,
  });
  hash.update(`${manifest?.ino} ${manifest?.mtimeMs}\n`);
  const folder = at.config(site, release);
  const names = existsSync(folder) ? (readdirSync(folder, { recursive: true }) as string[]) : [];
  for (const name of names.sort()) {
    if (statSync(join(folder, name)).isFile())
      hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
  }
  return hash.digest("hex").slice(0, 16);
}
