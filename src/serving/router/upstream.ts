import { Agent, type ClientRequest, request } from "node:http";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import type { Side } from "../../environment/sides.ts";
import { at, type Site } from "../../environment/site.ts";
import type { ProcessServing } from "../../environment/spec.ts";
import { errnoOf } from "../../errors.ts";
import { pointerNow } from "./glance.ts";

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
  const pooled = Object.assign(new Agent({ keepAlive: true, timeout: 1000 }), { createConnection });
  const fresh = Object.assign(new Agent({ keepAlive: false }), { createConnection });
  return {
    ask(address, asked, connection) {
      const agent = connection === "pooled" ? pooled : fresh;
      return request({ ...address, ...asked, agent, setHost: false, maxHeaderSize: LARGEST_HEAD });
    },
    close() {
      pooled.destroy();
      fresh.destroy();
    },
  };
}

/** What an app may say before its body; cookies and policies of some are larger than Node's 16 KB. */
const LARGEST_HEAD = 65_536;

/** Null while the side's `web` has no port. */
export function addressOf(site: Site, side: Side, serve: ProcessServing): Address | null {
  if (serve.listen === "socket") return { socketPath: at.socket(site, side) };
  const port = Number(pointerNow(at.port(site, side)));
  return Number.isInteger(port) && port > 0 && port < 65_536 ? { host: "127.0.0.1", port } : null;
}

/**
 * A connection that goes on reading when it can't write any more: an app may refuse a long body with an answer and
 * close, and Node would throw the answer away. Whether the connection is broken, reading tells.
 */
function createConnection(options: NetConnectOpts): Socket {
  const socket = connect(options);
  const { _write: write, _writev: writev } = socket;
  socket._write = (chunk, encoding, done) => write.call(socket, chunk, encoding, forgiving(done));
  if (writev) socket._writev = (chunks, done) => writev.call(socket, chunks, forgiving(done));
  return socket;
}

type Done = (error?: Error | null) => void;

function forgiving(done: Done): Done {
  return (error) => done(errnoOf(error) === "EPIPE" || errnoOf(error) === "ECONNRESET" ? null : error);
}
