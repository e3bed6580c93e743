import { realpathSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { answer, createKept, type Kept } from "./answer.ts";
import { isLoopback } from "./forwarding-headers.ts";
import { sendNothingLive, sendPaused, sendUnknownHost } from "./help-pages.ts";
import { isPaused, untilResumed } from "./hold.ts";
import { type Destination, resolveHost } from "./hosts.ts";
import { createHttpServer, type HttpServer } from "./server.ts";
import { type Request, readVisit } from "./visit.ts";

export type Router = HttpServer;

/** Answers for every environment of a root. Where a request goes is read from the pointers when it comes. */
export function createRouter(root: string): Router {
  const real = realpathSync(root);
  const kept = createKept();
  const server = createHttpServer((req, res, wire) => {
    const destination = resolveHost(real, hostOf(req));
    const insider = destination?.target.kind === "preview" || isNeighbour(req);
    return route(kept, destination, { req, res, wire, insider });
  });
  return {
    ...server,
    async close(drainMs) {
      await server.close(drainMs);
      kept.upstreams.close();
    },
  };
}

function route(kept: Kept, destination: Destination | null, request: Request): unknown {
  if (!destination) return sendUnknownHost(request);
  if (destination.target.kind === "live" && isPaused(destination.site))
    return hold(kept, destination, request);
  return pass(kept, destination, request);
}

async function hold(kept: Kept, destination: Destination, request: Request): Promise<unknown> {
  const { res } = request;
  const resumed = await untilResumed(destination.site, () => res.destroyed);
  return resumed ? pass(kept, destination, request) : sendPaused(request);
}

function pass(kept: Kept, destination: Destination, request: Request): unknown {
  const visit = readVisit(destination, request.req, kept.releases);
  if (visit) return answer(kept, visit, request);
  if (destination.target.kind === "preview") return sendUnknownHost(request);
  return sendNothingLive(destination, request);
}

/** A proxy may send the whole URL as the target; its host then counts (RFC 9112, 3.2.2). */
function hostOf(req: IncomingMessage): string | undefined {
  const url = req.url ?? "";
  if (url.startsWith("/")) return req.headers.host;
  const [, host, path] = /^https?:\/\/([^/?#]+)(.*)$/i.exec(url) ?? [];
  if (host === undefined) return req.headers.host;
  req.url = path?.startsWith("/") ? path : `/${path}`;
  return host;
}

/** Somebody on this very machine, and not a visitor whom a proxy here brings along. */
function isNeighbour(req: IncomingMessage): boolean {
  const { forwarded, via, "x-forwarded-for": forwardedFor } = req.headers;
  return !(forwarded ?? via ?? forwardedFor) && isLoopback(req.socket.remoteAddress);
}
