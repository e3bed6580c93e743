import { statfsSync } from "node:fs";
import { GreenroomError } from "../errors.ts";
import { clearDead } from "../release/intake.ts";
import { forgetMarks } from "./marks.ts";
import { dropRelease, findDroppable, findUnneeded, sweepObjects } from "./prune-store.ts";
import { dropReserve, keepReserve, RESERVE } from "./reserve.ts";
import { dropSpares } from "./retention.ts";
import { siteOf } from "./site.ts";
import { listSites } from "./state.ts";
import type { Scene } from "./world.ts";

export interface Room {
  bytes: number;
  /** How many files could be made; file systems without such a limit know no number. */
  names: number;
}

export function readRoom(dir: string): Room {
  const { bavail, bsize, files, ffree } = statfsSync(dir);
  return { bytes: bavail * bsize, names: files === 0 ? Number.POSITIVE_INFINITY : ffree };
}

/** A switch writes a hundred links and some lines. */
const NEEDED: Room = { bytes: 1e6, names: 500 };

/**
 * On a disk that is as good as full, lets go what only saves time, and what was kept for this, so that a switch or
 * rollback may still succeed. To be called with the environment locked.
 */
export function makeRoom({ site, world }: Scene): void {
  const room = readRoom(site.root);
  if (room.bytes > NEEDED.bytes && room.names > NEEDED.names) {
    keepReserve(site);
    return;
  }
  dropSpares(site);
  clearDead(world.store);
  // Trees are links: where all that a spare one frees is names, not even a line would fit.
  if (readRoom(site.root).bytes < RESERVE) dropReserve(site);
}

/** Less than this, and a movement that was promised might stop halfway: a traffic.d folder has 200 names. */
const LEAST: Room = { bytes: 48 * 1024, names: 250 };

export function assertRoom({ site }: Scene): void {
  const { bytes, names } = readRoom(site.root);
  if (bytes >= LEAST.bytes && names >= LEAST.names) return;
  const left = bytes < LEAST.bytes ? `${bytes} bytes` : `${names} files`;
  throw new GreenroomError("DISK_FULL", `the disk is full: there is room for ${left} more`, {
    hint: "make room on that disk, for instance with greenroom prune, then give the same command again",
  });
}

export interface Freed {
  dropped: string[];
  objects: number;
  bytes: number;
}

/** Where not even the journal's next line fits: all that can go without a word, for whoever has the store alone. */
export function freeWithoutWriting({ site, spec, world }: Scene): Freed {
  const dropped = findDroppable(site, world.store, [], world.now());
  const unneeded = findUnneeded(world.store, spec.project, dropped);
  for (const release of dropped) {
    forgetMarks(site, release);
    dropRelease(world.store, spec.project, release);
  }
  for (const { project, environment } of listSites(site.root))
    dropSpares(siteOf(site.root, project, environment));
  sweepObjects(world.store);
  return { dropped, ...unneeded };
}
