import { closeSync, linkSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { orNull, syncDirectory, writeSynced } from "../disk/durable.ts";
import { errnoOf } from "../errors.ts";
import type { Entry, Manifest, ManifestHead } from "./manifest.ts";

// Two lines: a short head, so that a list of releases needn't read the entries, and the entries by column, which
// V8 parses half again as fast as a list of objects.
interface Columns {
  path: string[];
  kind: string;
  size: number[];
  sha256: string[];
  mtime: number[];
  target: Record<string, string>;
}

const KINDS = { f: "file", x: "file", l: "link", d: "folder" } as const;
const HEAD_LIMIT = 16_384;

/** False if a manifest of that name is already there; it is never replaced. */
export function writeManifest(temporary: string, path: string, { entries, ...head }: Manifest): boolean {
  try {
    writeSynced(temporary, `${JSON.stringify(head)}\n${JSON.stringify(toColumns(entries))}\n`);
    linkSync(temporary, path);
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncDirectory(dirname(path));
  return true;
}

export function readManifest(path: string): Manifest | null {
  const text = orNull(() => readFileSync(path, "utf8"), "ENOENT");
  if (text === null) return null;
  const end = text.indexOf("\n");
  return { ...JSON.parse(text.slice(0, end)), entries: fromColumns(JSON.parse(text.slice(end + 1))) };
}

export function readManifestHead(path: string): ManifestHead | null {
  const fd = orNull(() => openSync(path, "r"), "ENOENT");
  if (fd === null) return null;
  try {
    const bytes = Buffer.alloc(HEAD_LIMIT);
    const text = bytes.toString("utf8", 0, readSync(fd, bytes, 0, HEAD_LIMIT, 0));
    return JSON.parse(text.slice(0, text.indexOf("\n")));
  } finally {
    closeSync(fd);
  }
}

function toColumns(entries: Entry[]): Columns {
  const columns: Columns = { path: [], kind: "", size: [], sha256: [], mtime: [], target: {} };
  const kinds: string[] = [];
  for (const entry of entries) {
    const file = entry.kind === "file" ? entry : null;
    columns.path.push(entry.path);
    kinds.push(file ? (file.executable ? "x" : "f") : entry.kind === "link" ? "l" : "d");
    columns.size.push(file?.size ?? 0);
    columns.sha256.push(file?.sha256 ?? "");
    columns.mtime.push(file?.mtime ?? 0);
    if (entry.kind === "link") columns.target[entry.path] = entry.target;
  }
  columns.kind = kinds.join("");
  return columns;
}

function fromColumns(columns: Columns): Entry[] {
  return columns.path.map((path, i): Entry => {
    const letter = columns.kind[i] as keyof typeof KINDS;
    switch (KINDS[letter]) {
      case "link":
        return { kind: "link", path, target: columns.target[path]! };
      case "folder":
        return { kind: "folder", path };
      case "file": {
        const [size, sha256, mtime] = [columns.size[i]!, columns.sha256[i]!, columns.mtime[i]!];
        return { kind: "file", path, executable: letter === "x", size, sha256, mtime };
      }
    }
  });
}
