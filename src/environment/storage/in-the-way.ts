import { GreenroomError } from "../../errors.ts";
import type { FileTree } from "./file-tree.ts";

/** A symlink means something to whoever made it: nothing goes through it, and nothing takes its place. */
export function assertNothingInTheWay(from: FileTree, to: FileTree): void {
  const kept = new Set(to.skipped);
  if (kept.size === 0) return;
  const wanted = new Set([...from.files.map(({ path }) => path), ...from.folders].flatMap(pathsTo));
  const taken = [...kept].filter((path) => wanted.has(path));
  if (taken.length === 0) return;
  const names = taken.slice(0, SHOWN).map((path) => JSON.stringify(path));
  const more = taken.length > SHOWN ? ` and ${taken.length - SHOWN} more` : "";
  throw new GreenroomError(
    "PLACE_TAKEN",
    `where files would go, symlinks or the like are: ${names.join(", ")}${more}; nothing was carried`,
    { hint: "they stay where they are: remove them first, or carry another path" },
  );
}

const SHOWN = 5;

/** The folders on the way to a path, and that itself. */
export function pathsTo(path: string): string[] {
  const parts = path.split("/");
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}
