import { GreenroomError } from "../../errors.ts";
import type { FileTree } from "./file-tree.ts";

/**
 * A symlink means something to whoever made it: nothing goes through it, and nothing takes its place. Nor does a folder
 * take that of a file, or a file that of a folder.
 */
export function assertNothingInTheWay(from: FileTree, to: FileTree): void {
  const files = from.files.map(({ path }) => path);
  const folders = withThoseAbove([...from.folders, ...files.map(above)]);
  const wanted = new Set([...files, ...folders]);
  if (from.kind === "folder") folders.add("");
  assertNone(
    "symlinks or the like",
    to.skipped.filter((path) => wanted.has(path)),
  );
  assertNone(
    "files",
    to.files.map(({ path }) => path).filter((path) => folders.has(path)),
  );
  // An empty one gives way: nothing is lost.
  const held = [...to.files.map(({ path }) => path), ...to.folders, ...to.skipped];
  const full = to.kind === "folder" ? new Set(held.map(above)) : new Set<string>();
  assertNone(
    "folders",
    files.filter((path) => full.has(path)),
  );
}

/** The folder that a path is in; "" for the uppermost. */
function above(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** However deep they are, each is walked through once. */
function withThoseAbove(folders: string[]): Set<string> {
  const all = new Set<string>();
  for (const folder of folders) {
    for (let one = folder; one !== "" && !all.has(one); one = above(one)) all.add(one);
  }
  return all;
}

function assertNone(what: string, taken: string[]): void {
  if (taken.length === 0) return;
  const names = taken.slice(0, SHOWN).map((path) => JSON.stringify(path || "."));
  const more = taken.length > SHOWN ? ` and ${taken.length - SHOWN} more` : "";
  throw new GreenroomError(
    "PLACE_TAKEN",
    `where something else would go, ${what} are: ${names.join(", ")}${more}; nothing was carried`,
    { hint: "they stay where they are: remove them first, or carry another path" },
  );
}

const SHOWN = 5;

/** The folders on the way to a path, and that itself. */
export function pathsTo(path: string): string[] {
  const parts = path.split("/");
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}
