import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { errnoOf } from "../../errors.ts";
import { hasBody, requestHeaders, responseHeaders } from "./forwarding-headers.ts";
import type { Address, Upstreams } from "./upstream.ts";

/** A request on its way to an app. */
export interface Passage {
  req: IncomingMessage;
  res: ServerResponse;
  upstreams: Upstreams;
  address: Address;
  appHost: string;
  /** More headers for the visitor, names and values in turn. */
  extra: string[];
  /** Answers in the app's place; called only while nothing was sent. */
  onUnreachable(error: Error): void;
}

/**
 * Passes a request to an app and its answer back, both as they come. Whoever leaves early ends the other's half too:
 * an answer that breaks off breaks the visitor's connection, so that it can't pass for a whole one.
 */
export function forward(passage: Passage): void {
  const { req, address, appHost, upstreams } = passage;
  const asked = { method: req.method, path: req.url, headers: requestHeaders(req, appHost, null) };
  const upstream = upstreams.ask(address, asked, "pooled");
  if (hasBody(req)) {
    connect(passage, upstream, (error) => passage.onUnreachable(error));
    sendBody(req, upstream);
    return;
  }
  connect(passage, upstream, (error) => {
    if (!isRepeatable(req, upstream, error)) return passage.onUnreachable(error);
    const again = upstreams.ask(address, asked, "fresh");
    connect(passage, again, (failure) => passage.onUnreachable(failure));
    again.end();
  });
  upstream.end();

  function sendBody(from: IncomingMessage, to: ClientRequest): void {
    from.pipe(to);
    // The app may answer without reading on; the visitor may read that only after all was sent.
    to.on("close", () => from.unpipe(to).resume());
  }
}

function connect(passage: Passage, upstream: ClientRequest, onFailure: (error: Error) => void): void {
  const { res } = passage;
  let answered = false;
  const leave = () => {
    if (!res.writableFinished) upstream.destroy();
  };
  res.on("close", leave);
  upstream.on("response", (answer) => {
    answered = true;
    passBack(passage, answer);
  });
  upstream.on("error", (error) => {
    if (res.destroyed || answered) return;
    res.off("close", leave);
    onFailure(error);
  });
}

/** Sends an app's answer to the visitor as it comes. */
export function passBack(passage: Passage, answer: IncomingMessage): void {
  const { res } = passage;
  if (!passHead(passage, answer)) return;
  let flowing = false;
  answer.on("data", (chunk: Buffer) => {
    flowing = true;
    if (!res.write(chunk)) answer.pause();
  });
  res.on("drain", () => answer.resume());
  answer.on("end", () => {
    flowing = true;
    res.end();
  });
  answer.on("error", () => res.destroy());
  answer.on("close", () => {
    if (!answer.complete) res.destroy();
  });
  // An event stream may say nothing for long, but its visitor waits for the headers.
  setImmediate(() => {
    if (!flowing) res.flushHeaders();
  });
}

/** False where the app's head can't be sent on: then a page of ours is the answer. */
function passHead({ res, extra, onUnreachable }: Passage, answer: IncomingMessage): boolean {
  try {
    res.writeHead(answer.statusCode ?? 502, answer.statusMessage, responseHeaders(answer, extra));
    return true;
  } catch (error) {
    answer.on("error", () => {}).destroy();
    res.statusMessage = "";
    onUnreachable(error as Error);
    return false;
  }
}

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** The app closed a kept connection just as it was used again: it hasn't seen the request. */
function isRepeatable(req: IncomingMessage, upstream: ClientRequest, error: Error): boolean {
  const broken = errnoOf(error) === "ECONNRESET" || errnoOf(error) === "EPIPE";
  return broken && upstream.reusedSocket && IDEMPOTENT.has(req.method ?? "");
}
