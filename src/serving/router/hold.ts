import { setTimeout as wait } from "node:timers/promises";
import { PAUSED } from "../../environment/buckets.ts";
import { at, type Site } from "../../environment/site.ts";
import { pointerNow } from "./glance.ts";

const LOOK_EVERY = 50;

/** Whether new requests are to wait. */
export function isPaused(site: Site): boolean {
  return pausedUntil(site) !== null;
}

/** Resolves once the site lets visitors in: true; or false where that took too long, or the visitor has left. */
export async function untilResumed(site: Site, hasLeft: () => boolean): Promise<boolean> {
  for (;;) {
    const until = pausedUntil(site);
    if (until === null) return true;
    if (hasLeft() || Date.now() >= until) return false;
    await wait(Math.min(LOOK_EVERY, Math.max(1, until - Date.now())));
  }
}

function pausedUntil(site: Site): number | null {
  const until = pointerNow(`${at.traffic(site)}/${PAUSED}`);
  return until === null ? null : Date.parse(until) || 0;
}
