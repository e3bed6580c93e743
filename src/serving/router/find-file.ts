import { countOf } from "../../events.ts";
import { fileHeaders, headersFor } from "../file-headers.ts";
import type { FileCache } from "./file-cache.ts";
import { type Located, locate } from "./locate.ts";
import { type OpenFile, openFile } from "./open-file.ts";
import { conditionOf, type Release } from "./releases.ts";
import { describeFile, type StaticFile } from "./static-file.ts";

/** Where to look, and where to remember what was found. */
export interface Shelf {
  release: Release;
  /** The release's folder that visitors see. */
  folder: string;
  cache: FileCache;
}

export type Found = { file: StaticFile } | { redirect: string } | null;

/** The file at a path below the public folder, and nothing but a file. */
export async function findExact(shelf: Shelf, path: string): Promise<Found> {
  if (path.endsWith("/")) return null;
  const located = await locateBelow(shelf, path);
  if (located.kind === "file") return read(shelf, path, path, located);
  if (located.lasting) rememberAbsent(shelf.release, path);
  return null;
}

/** What a static site shows at a path: the file, a folder's index.html, or `<path>.html`. */
export async function findPage(shelf: Shelf, path: string): Promise<Found> {
  if (path.endsWith("/")) return readIfFile(shelf, path, `${path}index.html`);
  const located = await locateBelow(shelf, path);
  if (located.kind === "file") return read(shelf, path, path, located);
  if (located.kind === "directory") {
    const index = await locateBelow(shelf, `${path}/index.html`);
    if (index.kind === "file") return { redirect: `${path}/` };
  }
  return readIfFile(shelf, path, `${path}.html`);
}

async function locateBelow({ release, folder }: Shelf, path: string): Promise<Located> {
  const parts = `${folder}${path}`.split("/").filter((part) => part !== "" && part !== ".");
  return locate(release.dir, release.version, parts);
}

const ABSENT_LIMIT = 10_000;
const ABSENT_LENGTH = 200;

function rememberAbsent(release: Release, path: string): void {
  if (path.length > ABSENT_LENGTH || conditionOf(release) !== "same") return;
  if (release.absent.size >= ABSENT_LIMIT) release.absent.clear();
  release.absent.add(path);
}

async function readIfFile(shelf: Shelf, path: string, name: string): Promise<Found> {
  const located = await locateBelow(shelf, name);
  return located.kind === "file" ? read(shelf, path, name, located) : null;
}

type LocatedFile = Exclude<Located, { kind: "nothing" }>;

async function read(
  { release, cache }: Shelf,
  path: string,
  name: string,
  located: LocatedFile,
): Promise<Found> {
  const open = await openFile(located.path);
  if (!open) return null;
  const { serve } = release.spec;
  const headers = located.lasting ? headersFor(name, serve) : fileHeaders(serve);
  const file = describeFile(name, located.path, open.stats, headers);
  if (!located.lasting) return { file: { ...file, handle: open.handle } };
  try {
    if (file.size <= SMALL) file.content = await readAll(open);
  } finally {
    await open.handle.close();
  }
  const condition = conditionOf(release);
  if (condition === "gone") return null;
  if (condition === "same") cache.remember(release.files, path, file);
  return { file };
}

const SMALL = 64 * 1024;

async function readAll({ handle, stats }: OpenFile): Promise<Buffer> {
  const content = Buffer.allocUnsafeSlow(stats.size);
  let done = 0;
  while (done < stats.size) {
    const { bytesRead } = await handle.read(content, done, stats.size - done, done);
    if (bytesRead === 0) throw new Error(`a file of a release lacks ${countOf(stats.size - done, "byte")}`);
    done += bytesRead;
  }
  return content;
}
