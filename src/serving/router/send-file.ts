import { once } from "node:events";
import type { FileHandle } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { judge } from "./conditional.ts";
import { headerList } from "./header-list.ts";
import { openFile } from "./open-file.ts";
import type { StaticFile } from "./static-file.ts";

/**
 * Answers with the file, or the part of it that is asked for. `extra` are more headers, names and values in turn.
 * A file that comes with a handle is closed here, whatever happens.
 */
export function sendFile(
  req: IncomingMessage,
  res: ServerResponse,
  file: StaticFile,
  extra: string[],
): unknown {
  file.used = true;
  const verdict = judge(req.method, req.headers, file);
  switch (verdict.status) {
    case 304:
      res.writeHead(304, [...without(file.headers, "Content-Type", "Content-Length"), ...extra]).end();
      return file.handle?.close();
    case 416:
      res.writeHead(416, ["Content-Range", `bytes */${file.size}`, "Content-Length", "0", ...extra]).end();
      return file.handle?.close();
    case 206:
      return sendPart(req, res, file, verdict, extra);
    case 200:
      return sendWhole(req, res, file, extra);
  }
}

/** All of the file under the given status, whatever the request's conditions. */
export function sendWhole(
  req: IncomingMessage,
  res: ServerResponse,
  file: StaticFile,
  extra: string[],
  status = 200,
): unknown {
  const headers = extra.length === 0 ? file.headers : [...file.headers, ...extra];
  if (file.content) return res.writeHead(status, headers).end(file.content);
  return sendBytes(req, res, file, { status, headers, start: 0, end: file.size - 1 });
}

function without(headers: string[], ...names: string[]): string[] {
  return headers.filter((_, index) => !names.includes(headers[index & ~1]!));
}

function sendPart(
  req: IncomingMessage,
  res: ServerResponse,
  file: StaticFile,
  { start, end }: { start: number; end: number },
  extra: string[],
): unknown {
  const part = {
    "Content-Length": String(end - start + 1),
    "Content-Range": `bytes ${start}-${end}/${file.size}`,
  };
  const headers = [...without(file.headers, "Content-Length"), ...headerList(part), ...extra];
  if (file.content) return res.writeHead(206, headers).end(file.content.subarray(start, end + 1));
  return sendBytes(req, res, file, { status: 206, headers, start, end });
}

interface Bytes {
  status: number;
  headers: string[];
  start: number;
  end: number;
}

async function sendBytes(
  req: IncomingMessage,
  res: ServerResponse,
  file: StaticFile,
  bytes: Bytes,
): Promise<void> {
  const handle = file.handle ?? (await reopen(file));
  try {
    // The tree was recycled since the request began: the release is gone.
    if (!handle) return void res.writeHead(404, ["Content-Length", "0"]).end();
    res.writeHead(bytes.status, bytes.headers);
    if (req.method === "HEAD") return void res.end();
    await copy(handle, res, bytes.start, bytes.end);
  } finally {
    await handle?.close();
  }
}

async function reopen(file: StaticFile): Promise<FileHandle | null> {
  const open = await openFile(file.path);
  if (!open) return null;
  if (open.stats.ino === file.ino && open.stats.size === file.size) return open.handle;
  await open.handle.close();
  return null;
}

const CHUNK = 64 * 1024;

async function copy(handle: FileHandle, res: ServerResponse, start: number, end: number): Promise<void> {
  const gone = once(res, "close").catch(() => undefined);
  for (let position = start; position <= end; ) {
    const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK, end - position + 1));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
    if (res.destroyed) return;
    // The file became shorter than announced. A cut connection says so, a short answer wouldn't.
    if (bytesRead === 0) return void res.destroy();
    position += bytesRead;
    if (!res.write(chunk.subarray(0, bytesRead))) await Promise.race([drained(res), gone]);
    if (res.destroyed) return;
  }
  res.end();
}

function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => res.once("drain", resolve));
}
