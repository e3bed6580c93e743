import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { contentTypeOf } from "./content-types.ts";
import { headerList } from "./header-list.ts";

/** One file that visitors may have. */
export interface StaticFile {
  /** Its real path. */
  path: string;
  ino: number;
  size: number;
  etag: string;
  lastModified: string;
  /** Names and values in turn, as `writeHead` takes them. */
  headers: string[];
  /** All of it, where it is small and can't change. */
  content: Buffer | null;
  /** Open and about to be sent, where it can change. */
  handle: FileHandle | null;
  used: boolean;
}

/** `name` is what visitors asked for; its ending says the type. */
export function describeFile(
  name: string,
  path: string,
  stats: Stats,
  more: [name: string, value: string][],
): StaticFile {
  const etag = `"${stats.ino.toString(36)}-${stats.size.toString(36)}-${stats.mtimeMs.toString(36)}"`;
  const lastModified = stats.mtime.toUTCString();
  const headers = headerList({
    "Content-Type": contentTypeOf(name),
    "Content-Length": String(stats.size),
    ETag: etag,
    "Last-Modified": lastModified,
    "Accept-Ranges": "bytes",
    ...Object.fromEntries(more),
  });
  const { ino, size } = stats;
  return { path, ino, size, etag, lastModified, headers, content: null, handle: null, used: false };
}
