import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
} from "node:fs";
import { errnoOf } from "../../errors.ts";
import { lookAt } from "./trust.ts";

/** The most that others than a log's owner may do: it holds visitors' addresses. */
const WIDEST = 0o640;

/**
 * Gives a log the name `<name>.1`, and those before it the next ones: `name.5` is the oldest. A run that dies in between
 * leaves a gap, which the next one fills before anything is dropped.
 */
export function moveAside(path: string, log: Stats, kept: number): void {
  narrow(path, log);
  for (let number = kept + 1; lookAt(`${path}.${number}`); number++) rmSync(`${path}.${number}`);
  for (let number = firstFree(path, kept); number > 1; number--) {
    renameSync(`${path}.${number - 1}`, `${path}.${number}`);
  }
  renameSync(path, `${path}.1`);
  try {
    create(path, log);
  } catch (error) {
    // On a full disk all stays as it was; whoever has the log open hasn't noticed.
    renameSync(`${path}.1`, path);
    throw error;
  }
}

function firstFree(path: string, kept: number): number {
  for (let number = 1; number < kept; number++) if (!lookAt(`${path}.${number}`)) return number;
  return kept;
}

/** An empty log, for the same people as the one before. Its writer may have been faster. */
export function create(path: string, before?: Stats): void {
  let fd: number;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, WIDEST);
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return;
    throw error;
  }
  try {
    if (before && process.geteuid?.() === 0) fchownSync(fd, before.uid, before.gid);
    fchmodSync(fd, before ? before.mode & WIDEST : WIDEST);
  } finally {
    closeSync(fd);
  }
}

/** nginx makes logs that everybody may read. */
export function narrow(path: string, { mode }: Stats): void {
  if ((mode & 0o777 & ~WIDEST) === 0) return;
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    fchmodSync(fd, mode & WIDEST);
  } finally {
    closeSync(fd);
  }
}
