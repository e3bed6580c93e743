import { digestOf } from "./columns.ts";

export interface FileEntry {
  kind: "file";
  path: string;
  executable: boolean;
  size: number;
  sha256: string;
  /** Seconds; the same on every machine that has the release, so that validators made from it agree. */
  mtime: number;
}

export interface LinkEntry {
  kind: "link";
  path: string;
  target: string;
}

/** Only empty folders are entries; the others follow from their files. */
export interface FolderEntry {
  kind: "folder";
  path: string;
}

export type Entry = FileEntry | LinkEntry | FolderEntry;

export interface ManifestHead {
  format: 1;
  project: string;
  version: string;
  /** Of everything visitors could tell apart: paths, kinds, modes, contents, targets. */
  digest: string;
  files: number;
  bytes: number;
  created: string;
  source: Source;
}

/** Where a release came from. */
export interface Source {
  from: string;
  commit: string | null;
  mergedOnto: string | null;
}

/** One immutable build of a project. The entries are sorted by path. */
export interface Manifest extends ManifestHead {
  entries: Entry[];
}

export function makeManifest(
  about: Pick<Manifest, "project" | "version" | "created" | "source">,
  entries: Entry[],
): Manifest {
  return { format: 1, ...about, digest: digestOf(entries), ...sizeOf(entries), entries };
}

export function sizeOf(entries: Entry[]): { files: number; bytes: number } {
  let files = 0;
  let bytes = 0;
  for (const entry of entries) {
    if (entry.kind !== "file") continue;
    files += 1;
    bytes += entry.size;
  }
  return { files, bytes };
}

/** Equal for two entries exactly when a visitor or a program couldn't tell them apart. */
export function identityOf(entry: Entry): string {
  switch (entry.kind) {
    case "file":
      return `${entry.path}\0${entry.executable ? "x" : "f"}${entry.sha256}\n`;
    case "link":
      return `${entry.path}\0l${entry.target}\0\n`;
    case "folder":
      return `${entry.path}\0d\n`;
  }
}

export function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
