import { sep } from "node:path";
import { explainObstacle } from "../disk/obstacle.ts";
import { errnoOf, GreenroomError } from "../errors.ts";

// ENOENT is what Node makes of EROFS where it makes several folders at once.
const REFUSALS = ["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST", "ENOENT"];

/**
 * What the kernel refuses in the root, or on the way to it, is said of what stands in the way, else of the root; other
 * errors pass through.
 */
export function blameRoot(error: unknown, root: string): unknown {
  const obstacle = explainObstacle(error, root);
  if (obstacle) return obstacle;
  const isTaken = error instanceof GreenroomError && error.code === "PLACE_TAKEN";
  const isUntold = error instanceof GreenroomError && error.code === "IO_FAILED";
  const told = isTaken || isUntold ? error.cause : error;
  const { path, syscall } = (told ?? {}) as NodeJS.ErrnoException;
  if (!(told instanceof Error) || !path || !REFUSALS.includes(errnoOf(told) ?? "")) return error;
  if (errnoOf(told) === "ENOENT" && syscall !== "mkdir") return error;
  if (!holds(path, root) && (isTaken || !holds(root, path))) return error;
  return new GreenroomError("ROOT_UNUSABLE", `the root ${root} can't be used: ${told.message}`, {
    hint: "act as the account that owns it, or name another with --root or GREENROOM_ROOT",
    cause: error,
  });
}

function holds(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
