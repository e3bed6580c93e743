import { isAlive } from "../../disk/alive.ts";
import { orNull, readJson } from "../../disk/durable.ts";
import { isLocked } from "../../disk/lock.ts";
import { at, type UpState } from "../../environment/site.ts";

/** The `greenroom up` of a root, null where none runs: what a killed one left behind doesn't count. */
export function readUp(root: string): UpState | null {
  const state = readUpState(root);
  return state && isAlive(state.pid) && isTaken(root) ? state : null;
}

// Who may read the root but not write there can't try the lock; then the number of the process must do.
function isTaken(root: string): boolean {
  return orNull(() => isLocked(at.upLock(root)), "EACCES", "EPERM", "EROFS") ?? true;
}

export function isUp(root: string): boolean {
  return readUp(root) !== null;
}

function readUpState(root: string): UpState | null {
  try {
    return readJson<UpState>(at.up(root));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
