import { Agent, type ClientRequest, request } from "node:http";
import { readPointer } from "../../disk/durable.ts";
import type { Side } from "../../environment/sides.ts";
import { at, type Site } from "../../environment/site.ts";
import type { ProcessServing } from "../../environment/spec.ts";

/** Where a side's `web` listens. */
export type Address = { socketPath: string } | { host: string; port: number };

export interface Asked {
  method: string | undefined;
  path: string | undefined;
  headers: string[];
}

export interface Upstreams {
  ask(address: Address, asked: Asked, connection: "pooled" | "fresh"): ClientRequest;
  close(): void;
}

/** Connections to apps; those that idle are kept for the next request. */
export function createUpstreams(): Upstreams {
  // Apps close connections that idle, some after 2 seconds: ours must be gone before, or a request meets the close.
  const agent = new Agent({ keepAlive: true, timeout: 1000 });
  return {
    ask(address, asked, connection) {
      return request({
        ...address,
        ...asked,
        agent: connection === "pooled" ? agent : false,
        setHost: false,
      });
    },
    close: () => agent.destroy(),
  };
}

/** Null while the side's `web` has no port. */
export function addressOf(site: Site, side: Side, serve: ProcessServing): Address | null {
  if (serve.listen === "socket") return { socketPath: at.socket(site, side) };
  const port = Number(readPointer(at.port(site, side)));
  return Number.isInteger(port) && port > 0 && port < 65_536 ? { host: "127.0.0.1", port } : null;
}
