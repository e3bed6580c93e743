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
import { BUCKETS, NEWCOMER, OPEN, PAUSED } from "./buckets.ts";
import { isSide, other, type Side } from "./sides.ts";
import { at, type Site } from "./site.ts";

/** Old generations are left for a moment: a request may be just resolving its path through one. */
const LINGERING = 3;

export interface Traffic {
  generation: number;
  live: Side;
  /** Buckets of visitors by side. */
  buckets: Record<Side, number>;
  /** Until when new requests are held; null: they aren't. */
  paused: string | null;
}

export function readTraffic(site: Site): Traffic | null {
  const target = readOwnPointer(at.traffic(site));
  if (target === null) return null;
  const folder = join(site.dir, target);
  const live = basename(readPointer(join(folder, "live")) ?? "");
  if (!isSide(live)) return null;
  const paused = readPointer(join(folder, PAUSED));
  const blue = paused === null ? countMarks(folder) : countLinks(folder);
  const buckets = { blue, green: BUCKETS.length - blue };
  return { generation: Number(basename(target)), live, buckets, paused };
}

function countMarks(folder: string): number {
  return readdirSync(folder).filter((name) => /^\d\d\.blue$/.test(name)).length;
}

function countLinks(folder: string): number {
  return BUCKETS.filter((bucket) => readPointer(join(folder, bucket)) === "../../blue").length;
}

export interface Movement {
  generation: number;
  live: Side;
  /** Of 100 buckets, how many the rehearsal gets. */
  share: number;
  /** Visitors are held until then, or until the next movement. */
  until?: string;
}

/** The switch itself is the one rename at the end; everything that it will show is durable before. */
export function moveTraffic(site: Site, movement: Movement): void {
  writeGeneration(site, movement);
  movePointer(at.traffic(site), `traffic.d/${movement.generation}`);
}

function writeGeneration(site: Site, { generation, live, share, until }: Movement): void {
  const folder = join(at.generations(site), String(generation));
  const temporary = temporaryName(folder);
  ensureDirectory(at.generations(site));
  mkdirSync(temporary);
  point(temporary, "live", live);
  point(temporary, "rehearsal", other(live));
  mark(temporary, `rehearsal.${other(live)}`);
  const sideOf = (bucket: number) => (bucket < share ? other(live) : live);
  for (const [i, bucket] of BUCKETS.entries()) point(temporary, bucket, sideOf(i));
  if (until === undefined) markBuckets(temporary, sideOf);
  else markPause(temporary, until);
  syncDirectory(temporary);
  // A generation that never got its turn, left by a run that died.
  removeTree(folder);
  renameSync(temporary, folder);
  syncDirectory(at.generations(site));
}

function point(folder: string, name: string, side: Side): void {
  symlinkSync(`../../${side}`, join(folder, name));
}

function markPause(folder: string, until: string): void {
  symlinkSync(until, join(folder, PAUSED));
  mark(folder, `${PAUSED}.now`);
}

/** Without these marks nobody is let in. */
function markBuckets(folder: string, sideOf: (bucket: number) => Side): void {
  BUCKETS.forEach((bucket, i) => {
    if (sideOf(i) === "blue") mark(folder, `${bucket}.blue`);
  });
  const [first, last] = [sideOf(0), sideOf(BUCKETS.length - 1)];
  if (first === last) mark(folder, `${NEWCOMER}.${first}`);
  mark(folder, OPEN);
}

/** For routers that can see whether a file is there, but not where a link leads. */
function mark(folder: string, name: string): void {
  writeFileSync(join(folder, name), "");
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
