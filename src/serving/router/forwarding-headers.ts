import type { IncomingMessage } from "node:http";

/** The request's headers as the app gets them, names and values in turn. */
export function requestHeaders(req: IncomingMessage, appHost: string, upgrade: string | null): string[] {
  const trusted = isLoopback(req.socket.remoteAddress);
  const dropped = droppedBy(req.headers.connection);
  const headers = ["Host", appHost];
  const raw = req.rawHeaders;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!.toLowerCase();
    if (HOP_BY_HOP.has(name) || OURS.has(name) || dropped?.has(name)) continue;
    if (CLAIMS.has(name) && !trusted) continue;
    headers.push(raw[index]!, raw[index + 1]!);
  }
  addForwarded(headers, req, trusted);
  addFraming(headers, req);
  if (upgrade) headers.push("Connection", "Upgrade", "Upgrade", upgrade);
  return headers;
}

/** The app's headers as visitors get them. */
export function responseHeaders(answer: IncomingMessage, extra: string[]): string[] {
  const dropped = droppedBy(answer.headers.connection);
  const headers: string[] = [];
  const raw = answer.rawHeaders;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!.toLowerCase();
    if (HOP_BY_HOP.has(name) || dropped?.has(name)) continue;
    headers.push(raw[index]!, raw[index + 1]!);
  }
  if (extra.length > 0) headers.push(...extra);
  return headers;
}

export function hasBody(req: IncomingMessage): boolean {
  const { "content-length": length, "transfer-encoding": encoding } = req.headers;
  return encoding !== undefined || (length !== undefined && length !== "0");
}

export function isLoopback(address: string | undefined): boolean {
  return address === "::1" || /^(?:::ffff:)?127\./.test(address ?? "");
}

const HOP_BY_HOP = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Written anew for the app. Node has answered `Expect` by then. */
const OURS = new Set([
  "host",
  "expect",
  "content-length",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
]);

/** Apps may believe it, so only who may be a proxy can say it. */
const CLAIMS = new Set(["forwarded", "x-real-ip", "x-forwarded-port"]);

/** What a Connection header declares to be for the next hop only. */
function droppedBy(connection: string | undefined): Set<string> | null {
  if (connection === undefined || /^(?:keep-alive|close|upgrade)$/i.test(connection)) return null;
  return new Set(connection.split(",").map((name) => name.trim().toLowerCase()));
}

/** Somebody on this machine may be a proxy before us; anybody else could claim anything. */
function addForwarded(headers: string[], req: IncomingMessage, trusted: boolean): void {
  const address = (req.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  const before = trusted ? req.headers["x-forwarded-for"] : undefined;
  const proto = trusted ? req.headers["x-forwarded-proto"] : undefined;
  const host = trusted ? req.headers["x-forwarded-host"] : undefined;
  headers.push("X-Forwarded-For", before ? `${String(before)}, ${address}` : address);
  headers.push("X-Forwarded-Proto", String(proto ?? "http"));
  headers.push("X-Forwarded-Host", String(host ?? req.headers.host ?? ""));
}

// A Connection header can't take the framing away: the app would read a body as the next request.
function addFraming(headers: string[], req: IncomingMessage): void {
  const { "content-length": length, "transfer-encoding": encoding } = req.headers;
  if (encoding !== undefined) headers.push("Transfer-Encoding", "chunked");
  else if (length !== undefined) headers.push("Content-Length", length);
  else if (!BODILESS.has(req.method ?? "")) headers.push("Content-Length", "0");
}

const BODILESS = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "DELETE", "CONNECT"]);
