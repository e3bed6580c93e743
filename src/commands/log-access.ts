import { type LoggedRequest, readAccessLog } from "../environment/access-log.ts";
import type { Scene } from "../environment/world.ts";
import type { Paint } from "./paint.ts";
import { visible } from "./visible.ts";

export interface Access {
  environment: string;
  requests: LoggedRequest[];
}

/** What visitors asked for last. */
export function accessOf({ site, spec }: Scene, count: number): Access {
  return { environment: spec.environment, requests: readAccessLog(site, count) };
}

export function renderAccess({ environment, requests }: Access, paint: Paint): string {
  if (requests.length === 0)
    return `nothing is logged of visits to ${environment}; only nginx writes such a log`;
  return paint.table(
    ["when", "status", "ms", "bytes", "request", "bucket", "side", "release", "from"],
    requests.map(({ at, status, ms, bytes, method, host, uri, bucket, side, release, from }) => [
      at.slice(0, 19).replace("T", " "),
      `${status}`,
      `${ms}`,
      `${bytes}`,
      shorten(visible(`${method} ${host}${uri}`)),
      bucket ?? "-",
      side ?? "-",
      release ?? "-",
      from,
    ]),
  );
}

const WIDE = 60;

function shorten(text: string): string {
  return text.length <= WIDE ? text : `${text.slice(0, WIDE - 1)}…`;
}
