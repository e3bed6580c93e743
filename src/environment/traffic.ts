import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import {
  ensureDirectory,
  movePointer,
  orNull,
  readOwnPointer,
  readPointer,
  syncDirectory,
  temporaryName,
} from "../disk/durable.ts";
import { removeTree } from "../disk/remove.ts";
import { BUCKETS, NEWCOMER } from "./buckets.ts";
import { isSide, other, type Side } from "./sides.ts";
import { at, type Site } from "./site.ts";

/** Old generations are left for a moment: a request may be just resolving its path through one. */
const LINGERING = 3;

export interface Traffic {
  generation: number;
  live: Side;
  /** Buckets of visitors by side. */
  buckets: Record<Side, number>;
}

export function readTraffic(site: Site): Traffic | null {
  const target = readOwnPointer(at.traffic(site));
  if (target === null) return null;
  const folder = join(site.dir, target);
  const live = basename(readPointer(join(folder, "live")) ?? "");
  if (!isSide(live)) return null;
  const blue = readdirSync(folder).filter((name) => /^\d\d\.blue$/.test(name)).length;
  return { generation: Number(basename(target)), live, buckets: { blue, green: BUCKETS.length - blue } };
}

/** The switch itself is the one rename at the end; everything that it will show is durable before. */
export function moveTraffic(site: Site, generation: number, live: Side, share: number): void {
  writeGeneration(site, generation, live, share);
  movePointer(at.traffic(site), `traffic.d/${generation}`);
}

function writeGeneration(site: Site, generation: number, live: Side, share: number): void {
  const folder = join(at.generations(site), String(generation));
  const temporary = temporaryName(folder);
  ensureDirectory(at.generations(site));
  mkdirSync(temporary);
  point(temporary, "live", live);
  point(temporary, "rehearsal", other(live));
  BUCKETS.forEach((bucket, i) => point(temporary, bucket, i < share ? other(live) : live));
  if (share === 0 || share === BUCKETS.length) mark(temporary, NEWCOMER, share === 0 ? live : other(live));
  syncDirectory(temporary);
  // A generation that never got its turn, left by a run that died.
  removeTree(folder);
  renameSync(temporary, folder);
  syncDirectory(at.generations(site));
}

function point(folder: string, name: string, side: Side): void {
  symlinkSync(`../../${side}`, join(folder, name));
  mark(folder, name, side);
}

/** For routers that can see whether a file is there, but not where a link leads. */
function mark(folder: string, name: string, side: Side): void {
  writeFileSync(join(folder, `${name}.${side}`), "");
}

/** Removes generations that nobody resolves through any more, and those that never got their turn. */
export function sweepGenerations(site: Site): void {
  const current = readTraffic(site)?.generation ?? 0;
  for (const name of orNull(() => readdirSync(at.generations(site)), "ENOENT") ?? []) {
    const generation = Number(name);
    const wanted = generation <= current && generation > current - LINGERING;
    if (!wanted) removeTree(join(at.generations(site), name));
  }
}
