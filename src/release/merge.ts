import { byPath, type Entry } from "./manifest.ts";

/** What was collected laid over a release: a file takes the place of whatever had its path, or stood in its way. */
export function overlay(base: Entry[], top: Entry[]): Entry[] {
  if (top.length === 0) return base;
  const covered = new Set(top.map((entry) => entry.path));
  const blocked = new Set(top.filter((entry) => entry.kind !== "folder").map((entry) => entry.path));
  const folders = new Set(top.flatMap((entry) => ancestors(entry.path)));
  const kept = base.filter(
    (entry) => !covered.has(entry.path) && !folders.has(entry.path) && !isBelowOne(entry.path, blocked),
  );
  return [...kept, ...top.filter((entry) => entry.kind !== "folder" || !holdsAny(entry.path, kept))].sort(
    byPath,
  );
}

function holdsAny(folder: string, entries: Entry[]): boolean {
  return entries.some((entry) => entry.path.startsWith(`${folder}/`));
}

/** A release as an environment shows it: links of the environment's own in the place of whatever was there. */
export function withLinks(entries: Entry[], links: { path: string; target: string }[]): Entry[] {
  return overlay(
    entries,
    links.map(({ path, target }) => ({ kind: "link", path, target })),
  );
}

/** `a/b/c` → `a`, `a/b`. */
export function ancestors(path: string): string[] {
  const found: string[] = [];
  for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1))
    found.push(path.slice(0, end));
  return found;
}

export function isBelowOne(path: string, folders: Set<string>): boolean {
  if (folders.size === 0) return false;
  for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
    if (folders.has(path.slice(0, end))) return true;
  }
  return false;
}
