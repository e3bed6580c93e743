import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { requestHeaders, responseHeaders } from "./forwarding-headers.ts";
import { type Passage, passBack } from "./proxy.ts";

/** The visitor's bare connection, for a request that wants to leave HTTP. */
export interface Wire {
  socket: Duplex;
  /** What the visitor sent behind the request already. */
  head: Buffer;
}

/** Asks the app for a WebSocket. Its consent joins both connections; any other answer is passed back as usual. */
export function tunnel(passage: Passage, wire: Wire): void {
  const { req, res, upstreams, address, appHost } = passage;
  const headers = requestHeaders(req, appHost, "websocket");
  const upstream = upstreams.ask(address, { method: req.method, path: req.url, headers }, "fresh");
  let answered = false;
  const leave = () => upstream.destroy();
  res.on("close", leave);
  upstream.on("upgrade", (answer, socket, head) => {
    answered = true;
    res.off("close", leave);
    res.detachSocket(req.socket);
    join(wire, answer, { socket, head }, passage.extra);
  });
  upstream.on("response", (answer) => {
    answered = true;
    passBack(passage, answer);
  });
  upstream.on("error", (error) => {
    if (!answered && !res.destroyed) passage.onUnreachable(error);
  });
  upstream.end();
}

function join(visitor: Wire, answer: IncomingMessage, app: Wire, extra: string[]): void {
  const headers = responseHeaders(answer, ["Connection", "Upgrade", "Upgrade", "websocket", ...extra]);
  const lines = headers.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${headers[index + 1]}`] : []));
  const status = `HTTP/1.1 101 ${answer.statusMessage || "Switching Protocols"}`;
  visitor.socket.write([status, ...lines, "", ""].join("\r\n"), "latin1");
  if (app.head.length > 0) visitor.socket.write(app.head);
  if (visitor.head.length > 0) app.socket.write(visitor.head);
  bind(visitor.socket, app.socket);
  bind(app.socket, visitor.socket);
}

function bind(from: Duplex, to: Duplex): void {
  from.pipe(to);
  from.on("error", () => to.destroy());
  from.on("close", () => {
    if (!from.readableEnded || to.writableFinished) to.destroy();
    else to.once("finish", () => to.destroy());
  });
}
