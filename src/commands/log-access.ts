import type { LoggedRequest } from "../environment/logs/access-log.ts";
import type { Paint } from "./paint.ts";
import { visible } from "./visible.ts";

export interface Access {
  environment: string;
  servers: string[];
  requests: (LoggedRequest & { server: string })[];
}

/** What visitors asked for last. */
export function renderAccess({ environment, servers, requests }: Access, paint: Paint): string {
  if (requests.length === 0)
    return `nothing is logged of visits to ${environment}; only nginx writes such a log`;
  const several = servers.length > 1;
  return paint.table(
    [
      "when",
      ...(several ? ["server"] : []),
      "status",
      "ms",
      "bytes",
      "request",
      "bucket",
      "side",
      "release",
      "from",
    ],
    requests.map(({ at, server, status, ms, bytes, method, host, uri, bucket, side, release, from }) => [
      at.slice(0, 19).replace("T", " "),
      ...(several ? [server] : []),
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
