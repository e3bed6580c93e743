import type { IncomingMessage, ServerResponse } from "node:http";
import { SIDES, type Side } from "../../environment/sides.ts";
import type { Site } from "../../environment/site.ts";
import { isName } from "../../names.ts";
import type { Destination } from "./hosts.ts";
import type { Release, Releases } from "./releases.ts";
import { chooseSide, readPreview, releaseOn } from "./traffic.ts";
import type { Wire } from "./tunnel.ts";

export interface Request {
  req: IncomingMessage;
  res: ServerResponse;
  /** The visitor wants a WebSocket. */
  wire: Wire | null;
  /** Whoever asks may read how to repair the site. */
  insider: boolean;
}

/** A request with everything decided that pointers decide; later pointer moves don't touch it. */
export interface Visit {
  release: Release;
  /** Where the release's processes run, if it has any. */
  side: Side | null;
  appHost: string;
  /** More headers for the visitor, names and values in turn. */
  extra: string[];
}

/** Reads, in this moment, which release answers; null where there is none. */
export function readVisit(
  { site, target, appHost }: Destination,
  req: IncomingMessage,
  releases: Releases,
): Visit | null {
  return target.kind === "live"
    ? readLive(site, appHost, req, releases)
    : readPreviewed(site, appHost, target.link, releases);
}

export function readSide(
  site: Site,
  side: Side,
  appHost: string,
  extra: string[],
  releases: Releases,
): Visit | null {
  const version = releaseOn(site, side);
  const release = version === null ? null : releases.read(site, version);
  return release && { release, side, appHost, extra };
}

const NOTHING: string[] = [];
const NOINDEX = ["X-Robots-Tag", "noindex"];

function readLive(site: Site, appHost: string, req: IncomingMessage, releases: Releases): Visit | null {
  const choice = chooseSide(site, req.headers.cookie, wishedRelease(req));
  if (!choice) return null;
  const extra = choice.setCookie === null ? NOTHING : ["Set-Cookie", choice.setCookie];
  return readSide(site, choice.side, appHost, extra, releases);
}

/** A page may ask for more of the release that it came from. */
function wishedRelease({ url = "", headers }: IncomingMessage): string | null {
  const header = headers["greenroom-release"];
  const wish = typeof header === "string" ? header : /[?&]greenroom-release=([^&]*)/.exec(url)?.[1];
  return wish !== undefined && isName(wish) ? wish : null;
}

function readPreviewed(site: Site, appHost: string, link: string, releases: Releases): Visit | null {
  const of = readPreview(site, link);
  if (!of) return null;
  if (of.side) return readSide(site, of.side, appHost, NOINDEX, releases);
  const release = releases.read(site, of.version);
  const side = SIDES.find((one) => releaseOn(site, one) === of.version) ?? null;
  return release && { release, side, appHost, extra: NOINDEX };
}
