import { basename } from "node:path";
import { pinnedSide } from "../../environment/pins.ts";
import { isSide, type Side } from "../../environment/sides.ts";
import { at, type Site } from "../../environment/site.ts";
import { isName } from "../../names.ts";
import { bucketCookie, bucketIn, FIRST_BUCKET, LAST_BUCKET, randomBucket } from "./buckets.ts";
import { pointerNow } from "./glance.ts";

export interface Choice {
  side: Side;
  /** Set while the traffic is split, for a visitor who has no bucket yet. */
  setCookie: string | null;
}

/**
 * The side that a visitor gets, or null where nothing is live. It comes from one readlink through `traffic`, so that
 * it is wholly before or wholly after a switch.
 */
export function chooseSide(site: Site, cookies: string | undefined, wished: string | null): Choice | null {
  const pinned = wished === null ? null : pinnedSide(site, wished, (path) => pointerNow(path) !== null);
  if (pinned) return choice(pinned, null);
  const known = bucketIn(cookies);
  if (known) return choice(sideOfBucket(site, known), null);
  const last = sideOfBucket(site, LAST_BUCKET);
  if (sideOfBucket(site, FIRST_BUCKET) === last) return choice(last, null);
  const bucket = randomBucket();
  return choice(sideOfBucket(site, bucket), bucketCookie(bucket));
}

export type PreviewOf = { side: Side } | { side: null; version: string };

/** Where a link in `previews/` leads; null where it leads nowhere that exists. */
export function readPreview(site: Site, link: string): PreviewOf | null {
  const [up, first, version, ...more] = link.split("/");
  if (up !== ".." || more.length > 0) return null;
  if (first === "releases") return version && isName(version) ? { side: null, version } : null;
  if (version !== undefined) return null;
  const side = first === "rehearsal" ? (sideOfBucket(site, "rehearsal") ?? undefined) : first;
  return isSide(side) ? { side } : null;
}

export function releaseOn(site: Site, side: Side): string | null {
  const link = pointerNow(at.side(site, side));
  if (!link?.startsWith("releases/")) return null;
  const version = link.slice("releases/".length);
  return isName(version) ? version : null;
}

function sideOfBucket(site: Site, bucket: string): Side | null {
  const link = pointerNow(`${at.traffic(site)}/${bucket}`);
  if (link === null) return null;
  const side = basename(link);
  return isSide(side) ? side : null;
}

function choice(side: Side | null, setCookie: string | null): Choice | null {
  return side && { side, setCookie };
}
