import { errnoOf } from "../errors.ts";

/** Whether a process has this number; somebody else's counts, too. */
export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined || !(pid > 0)) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errnoOf(error) === "EPERM";
  }
}
