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
import { isSide, other, type Side } from "./sides.ts";
import { at, type Site } from "./site.ts";

const BUCKETS = 100;

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
  const blue = readdirSync(folder).filter((name) => name.endsWith(".blue")).length;
  return { generation: Number(basename(target)), live, buckets: { blue, green: BUCKETS - blue } };
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
  symlinkSync(`../../${live}`, join(temporary, "live"));
  symlinkSync(`../../${other(live)}`, join(temporary, "rehearsal"));
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const side = bucket < share ? other(live) : live;
    const name = String(bucket).padStart(2, "0");
    symlinkSync(`../../${side}`, join(temporary, name));
    if (side === "blue") writeFileSync(join(temporary, `${name}.blue`), "");
  }
  syncDirectory(temporary);
  // A generation that never got its turn, left by a run that died.
  removeTree(folder);
  renameSync(temporary, folder);
  syncDirectory(at.generations(site));
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
