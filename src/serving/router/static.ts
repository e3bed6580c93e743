import type { IncomingMessage, ServerResponse } from "node:http";
import { isHashed } from "../../environment/assets.ts";
import { findExact, findPage, type Shelf } from "./find-file.ts";
import { findKept } from "./kept.ts";
import { sendPage } from "./pages.ts";
import { sendFile, sendWhole } from "./send-file.ts";
import { encodeUrlPath, readUrlPath } from "./url-path.ts";

/** Answers for a static site, whatever is asked for. `extra` are more headers, names and values in turn. */
export function answerStatic(
  req: IncomingMessage,
  res: ServerResponse,
  shelf: Shelf,
  extra: string[],
): unknown {
  if (!isReading(req)) {
    const page = { status: 405, title: "This site only answers GET and HEAD" };
    return sendPage(req, res, page, ["Allow", "GET, HEAD", ...extra]);
  }
  const url = readUrlPath(req.url ?? "");
  if ("refused" in url) {
    if (url.refused === 404) return answerMissing(req, res, shelf, extra);
    return sendPage(req, res, { status: 400, title: "This address can't be read" }, extra);
  }
  const known = shelf.release.files.get(url.path);
  return known ? sendFile(req, res, known, extra) : lookAndAnswer(req, res, shelf, url, extra);
}

/**
 * Answers a request to a process site where it is for a file of the public folder. False, or a promise of it, where
 * it isn't: then nothing was sent.
 */
export function answerIfFile(
  req: IncomingMessage,
  res: ServerResponse,
  shelf: Shelf,
  extra: string[],
): boolean | Promise<boolean> {
  if (!isReading(req)) return false;
  const url = readUrlPath(req.url ?? "");
  if ("refused" in url || url.path.endsWith("/")) return false;
  const known = shelf.release.files.get(url.path);
  if (!known)
    return shelf.release.absent.has(url.path) && !isHashed(url.path)
      ? false
      : lookAndAnswerFile(req, res, shelf, url.path, extra);
  const sent = sendFile(req, res, known, extra);
  return sent instanceof Promise ? sent.then(() => true) : true;
}

function isReading(req: IncomingMessage): boolean {
  return req.method === "GET" || req.method === "HEAD";
}

async function lookAndAnswer(
  req: IncomingMessage,
  res: ServerResponse,
  shelf: Shelf,
  url: { path: string; query: string },
  extra: string[],
): Promise<void> {
  const found = await findPage(shelf, url.path);
  if (!found) return answerKept(req, res, shelf, url.path, extra);
  if ("file" in found) return void (await sendFile(req, res, found.file, extra));
  const location = encodeUrlPath(found.redirect) + url.query;
  sendPage(req, res, { status: 301, title: "This page is elsewhere" }, ["Location", location, ...extra]);
}

async function answerKept(
  req: IncomingMessage,
  res: ServerResponse,
  shelf: Shelf,
  path: string,
  extra: string[],
): Promise<void> {
  const kept = await findKept(shelf.release, path);
  if (!kept) return answerMissing(req, res, shelf, extra);
  await sendFile(req, res, kept, extra);
}

async function answerMissing(
  req: IncomingMessage,
  res: ServerResponse,
  shelf: Shelf,
  extra: string[],
): Promise<void> {
  const known = shelf.release.files.get(MISSING);
  const found = known ? { file: known } : await findExact(shelf, MISSING);
  if (!found || !("file" in found))
    return sendPage(req, res, { status: 404, title: "There is no such page" }, extra);
  await sendWhole(req, res, found.file, extra, 404);
}

const MISSING = "/404.html";

async function lookAndAnswerFile(
  req: IncomingMessage,
  res: ServerResponse,
  shelf: Shelf,
  path: string,
  extra: string[],
): Promise<boolean> {
  const found = await findExact(shelf, path);
  const file = found && "file" in found ? found.file : await findKept(shelf.release, path);
  if (!file) return false;
  await sendFile(req, res, file, extra);
  return true;
}
