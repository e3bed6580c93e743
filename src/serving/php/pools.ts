import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ensureDirectory, orNull, writeFileDurably } from "../../disk/durable.ts";
import { readStaged } from "../../environment/config.ts";
import { SIDES, type Side } from "../../environment/sides.ts";
import { type Site, siteOf } from "../../environment/site.ts";
import type { StagedSpec } from "../../environment/spec.ts";
import { listSites, readState } from "../../environment/state.ts";
import { GreenroomError } from "../../errors.ts";
import { takeTurn } from "../turns.ts";
import { type Fpm, phpAt } from "./places.ts";
import { markOf, type PhpSpec, poolName, renderPool } from "./pool.ts";
import { notRunning, readFpmPid, reloadFpm, testPools } from "./program.ts";

/** Makes PHP-FPM answer for the environment's sides as they are on disk. What it refuses was never there. */
export function settlePools(fpm: Fpm, site: Site): Promise<void> {
  return replace(fpm, site.root, () => poolsOf(fpm, site));
}

/** Makes it answer for the environment no more. */
export function forgetPools(fpm: Fpm, site: Site): Promise<void> {
  return replace(fpm, site.root, () => SIDES.map((side) => ({ path: pathOf(fpm, site, side), text: null })));
}

/** Of all environments, for a PHP-FPM that isn't running yet: they may have changed while nobody told it. */
export function writePools(fpm: Fpm, root: string): void {
  ensureDirectory(fpm.pools);
  for (const pool of allPools(fpm, root)) put(pool);
}

/** Of all environments, for one that runs. */
export function settleAllPools(fpm: Fpm, root: string): Promise<void> {
  return replace(fpm, root, () => allPools(fpm, root));
}

/** Takes away all of a root's pools. */
export function dropPools(fpm: Fpm, root: string): Promise<void> {
  return replace(fpm, root, () => ownPools(fpm, root).map((path) => ({ path, text: null })));
}

export function hasPools(fpm: Fpm): boolean {
  return (orNull(() => readdirSync(fpm.pools), "ENOENT") ?? []).some((name) => name.endsWith(".conf"));
}

interface Pool {
  path: string;
  text: string | null;
}

function poolsOf(fpm: Fpm, site: Site): Pool[] {
  return SIDES.map((side) => {
    const spec = phpOn(site, side);
    return { path: pathOf(fpm, site, side), text: spec && renderPool(site, side, spec) };
  });
}

function allPools(fpm: Fpm, root: string): Pool[] {
  const wanted = listSites(root).flatMap(({ project, environment }) =>
    poolsOf(fpm, siteOf(root, project, environment)),
  );
  const kept = new Set(wanted.map(({ path }) => path));
  const old = ownPools(fpm, root).filter((path) => !kept.has(path));
  return [...wanted, ...old.map((path) => ({ path, text: null }))];
}

function ownPools({ pools }: Fpm, root: string): string[] {
  const names = (orNull(() => readdirSync(pools), "ENOENT") ?? []).filter((name) => name.endsWith(".conf"));
  return names.map((name) => join(pools, name)).filter((path) => textOf(path)?.startsWith(markOf(root)));
}

function phpOn(site: Site, side: Side): PhpSpec | null {
  const release = readState(site).sides[side];
  const staged = release === null ? null : readStaged(site, release);
  return staged && isPhp(staged) ? staged : null;
}

function isPhp(spec: StagedSpec): spec is StagedSpec & PhpSpec {
  return spec.serve.kind === "php";
}

function pathOf({ pools }: Fpm, site: Site, side: Side): string {
  return join(pools, poolName(site, side));
}

async function replace(fpm: Fpm, root: string, plan: () => Pool[]): Promise<void> {
  const planChanges = () => plan().filter(({ path, text }) => textOf(path) !== text);
  if (planChanges().length === 0) return;
  const lock = await takeTurn(phpAt.lock(root), "PHP-FPM");
  try {
    const changed = planChanges();
    for (const { path } of changed) assertOurs(path, root);
    const before = changed.map(({ path }) => ({ path, text: textOf(path) }));
    ensureDirectory(fpm.pools);
    changed.forEach(put);
    try {
      await takeUp(fpm, root);
    } catch (error) {
      before.forEach(put);
      if (hasPools(fpm)) await takeUp(fpm, root).catch(() => {});
      throw error;
    }
  } finally {
    lock.release();
  }
}

/** One of Greenroom's own is started when it has a pool, and ended when it has none. */
async function takeUp(fpm: Fpm, root: string): Promise<void> {
  if (!hasPools(fpm)) return;
  testPools(fpm);
  if (readFpmPid(fpm) !== null) return reloadFpm(fpm);
  // None of ours is left that would have to be answered for.
  if (ownPools(fpm, root).length === 0) return;
  for (let waited = 0; waited < PATIENCE; waited += 20) {
    if (readFpmPid(fpm) !== null) return;
    await pause(20);
  }
  throw notRunning(fpm);
}

const PATIENCE = 5000;

function assertOurs(path: string, root: string): void {
  const text = textOf(path);
  if (text === null || text.startsWith(markOf(root))) return;
  throw new GreenroomError("FILE_EXISTS", `${path} is there, and isn't of this root`, {
    hint: "move it away, or serve this root by a PHP-FPM of its own: greenroom setup --unprivileged",
  });
}

/** Variables of the site stand in it. */
function put({ path, text }: Pool): void {
  if (text === null) rmSync(path, { force: true });
  else writeFileDurably(path, text, 0o600);
}

function textOf(path: string): string | null {
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}
