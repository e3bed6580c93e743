import type { Stats } from "node:fs";
import { lstat, readlink, realpath } from "node:fs/promises";
import { join, resolve } from "node:path";

export type Located =
  | { kind: "file" | "directory"; path: string; stats: Stats; lasting: boolean }
  | { kind: "nothing"; lasting: boolean };

/**
 * Follows a path of a release, link by link. Links may stay in the release, or lead to one path of the site's storage
 * or of the release's own rendered config; below it none leads back or elsewhere. Who writes into storage may be hostile.
 * `lasting` is what will be the same for as long as the release is.
 */
export async function locate(dir: string, version: string, parts: string[]): Promise<Located> {
  let zone: Zone = { root: dir, lasting: true };
  let here = dir;
  let stats: Stats | null = null;
  let todo = parts;
  for (let links = 0; todo.length > 0; ) {
    const next = `${here}/${todo[0]}`;
    todo = todo.slice(1);
    stats = await look(next);
    if (!stats) return { kind: "nothing", lasting: zone.lasting };
    if (!stats.isSymbolicLink()) {
      here = next;
      continue;
    }
    const landing =
      ++links > LINKS ? null : await land(zone, dir, version, resolve(here, await readlink(next)));
    if (!landing) return { kind: "nothing", lasting: false };
    zone = landing.zone;
    here = landing.from;
    todo = [...landing.rest, ...todo];
    stats = null;
  }
  return describe(here, stats ?? (await look(here)), zone.lasting);
}

interface Zone {
  root: string;
  lasting: boolean;
}

const LINKS = 40;

async function look(path: string): Promise<Stats | null> {
  // Whatever the reason, visitors can't have it: ENOENT, ENOTDIR, EACCES, ENAMETOOLONG.
  return lstat(path).catch(() => null);
}

async function land(zone: Zone, dir: string, version: string, target: string) {
  const within = below(zone.root, target);
  if (within) return { zone, from: zone.root, rest: within };
  if (!zone.lasting) return null;
  const outside = [join(dir, "../../storage"), join(dir, "../../config", version)];
  for (const place of outside) {
    const root = await realpath(place).catch(() => null);
    const rest = root && (below(place, target) ?? below(root, target));
    if (root && rest) return { zone: { root: join(root, ...rest), lasting: false }, from: root, rest };
  }
  return null;
}

function below(root: string, path: string): string[] | null {
  if (path === root) return [];
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1).split("/") : null;
}

function describe(path: string, stats: Stats | null, lasting: boolean): Located {
  if (stats?.isFile()) return { kind: "file", path, stats, lasting };
  if (stats?.isDirectory()) return { kind: "directory", path, stats, lasting };
  return { kind: "nothing", lasting };
}
