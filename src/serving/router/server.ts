import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { errnoOf, GreenroomError } from "../../errors.ts";
import { sendPage } from "./pages.ts";
import type { Wire } from "./tunnel.ts";

export interface HttpServer {
  handler(req: IncomingMessage, res: ServerResponse): void;
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  listen(where: { host: string; port: number }): Promise<{ port: number }>;
  /** Takes no more requests, lets those in flight finish for so many milliseconds, then cuts what is left. */
  close(drainMs: number): Promise<void>;
}

export type Respond = (req: IncomingMessage, res: ServerResponse, wire: Wire | null) => unknown;

/** An HTTP server in which no request can end the process, and none is cut for taking long. */
export function createHttpServer(respond: Respond): HttpServer {
  const tunnels = new Set<Duplex>();
  const handler = (req: IncomingMessage, res: ServerResponse) => safely(respond, req, res, null);
  const upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    tunnels.add(socket);
    socket.on("close", () => tunnels.delete(socket));
    respondToUpgrade(respond, req, socket as Socket, head);
  };
  const server = createServer(LIMITS, handler).on("upgrade", upgrade);
  return {
    handler,
    upgrade,
    listen: (where) => listen(server, where),
    close: (drainMs) => close(server, tunnels, drainMs),
  };
}

const LIMITS = { requestTimeout: 0, headersTimeout: 30_000, keepAliveTimeout: 65_000, noDelay: true };

function safely(respond: Respond, req: IncomingMessage, res: ServerResponse, wire: Wire | null): void {
  try {
    const done = respond(req, res, wire);
    if (done instanceof Promise) done.catch((error: unknown) => fail(req, res, error));
  } catch (error) {
    fail(req, res, error);
  }
}

function fail(req: IncomingMessage, res: ServerResponse, error: unknown): void {
  process.emitWarning(
    error instanceof Error ? (error.stack ?? error.message) : String(error),
    "RouterWarning",
  );
  if (res.headersSent) res.destroy();
  else sendPage(req, res, { status: 500, title: "Something went wrong here" }, ["Connection", "close"]);
}

function warn(error: unknown): void {
  process.emitWarning(
    error instanceof Error ? (error.stack ?? error.message) : String(error),
    "RouterWarning",
  );
}

function respondToUpgrade(respond: Respond, req: IncomingMessage, socket: Socket, head: Buffer): void {
  socket.on("error", () => socket.destroy());
  socket.setKeepAlive(true, 30_000);
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  res.on("finish", () => {
    res.detachSocket(socket);
    socket.end(() => socket.destroy());
  });
  const isWebSocket = req.headers.upgrade?.toLowerCase() === "websocket";
  const hasBody = req.headers["content-length"] ?? req.headers["transfer-encoding"];
  // The parser has let go of the connection, so a body is out of reach.
  if (hasBody) sendPage(req, res, { status: 501, title: "This server can't upgrade such a request" });
  else safely(respond, req, res, isWebSocket ? { socket, head } : null);
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<{ port: number }> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => reject(explain(error, host, port));
    server.once("error", refuse);
    server.listen(port, host, () => {
      server.off("error", refuse).on("error", warn);
      resolve({ port: (server.address() as AddressInfo).port });
    });
  });
}

function explain(error: Error, host: string, port: number): Error {
  const code = errnoOf(error);
  const hint = `greenroom up --port ${port < 1024 ? 8080 : port + 1}`;
  if (code === "EADDRINUSE") {
    return new GreenroomError("PORT_TAKEN", `port ${port} is in use on ${host}`, { hint, cause: error });
  }
  if (code === "EACCES") {
    return new GreenroomError("USAGE", `port ${port} is for root only`, { hint, cause: error });
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
    return new GreenroomError("USAGE", `${host} isn't an address of this machine`, { cause: error });
  }
  return error;
}

const LOOK_EVERY = 20;

function close(server: Server, tunnels: Set<Duplex>, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = () => {
      server.closeAllConnections();
      for (const socket of tunnels) socket.destroy();
    };
    const looking = setInterval(() => {
      server.closeIdleConnections();
      // A tunnel never finishes by itself; it needn't outlive the last request.
      server.getConnections((_, open) => open <= tunnels.size && cut());
    }, LOOK_EVERY);
    const deadline = setTimeout(cut, drainMs);
    server.close(() => {
      clearInterval(looking);
      clearTimeout(deadline);
      resolve();
    });
  });
}
