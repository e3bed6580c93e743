import { statSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, GreenroomError } from "../errors.ts";

/** Something that isn't Greenroom's is where its own belongs: no write would put it right. */
export function placeTaken(path: string, belongs: "file" | "folder" | "symlink", cause: unknown) {
  return new GreenroomError("PLACE_TAKEN", `${path} should be a ${belongs} and is something else`, {
    hint: `move it away: mv ${path} ${path}.aside`,
    cause,
  });
}

/** What the kernel refused below the root because of such a thing, named; null where that isn't the reason. */
export function explainObstacle(error: unknown, root: string): GreenroomError | null {
  const told = error instanceof GreenroomError && error.code === "IO_FAILED" ? error.cause : error;
  const { path, dest, syscall } = (told ?? {}) as NodeJS.ErrnoException & { dest?: string };
  for (const place of [dest, path]) {
    if (!place?.startsWith(`${root}/`)) continue;
    if (errnoOf(told) === "EISDIR" && isFolder(place)) return placeTaken(place, "file", error);
    if (errnoOf(told) !== "ENOTDIR" && !(errnoOf(told) === "EEXIST" && syscall === "mkdir")) continue;
    const obstacle = firstNoFolder(root, place);
    if (obstacle) return placeTaken(obstacle, "folder", error);
  }
  return null;
}

function firstNoFolder(root: string, place: string): string | null {
  if (place === root) return null;
  return firstNoFolder(root, dirname(place)) ?? (isFolder(place) === false ? place : null);
}

/** Undefined where nothing can be found out. */
function isFolder(path: string): boolean | undefined {
  try {
    return statSync(path).isDirectory();
  } catch {
    return undefined;
  }
}
