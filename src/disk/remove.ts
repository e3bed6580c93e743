import {
  chmodSync,
  closeSync,
  fchmodSync,
  fstatSync,
  lstatSync,
  readdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from "node:fs";
import { errnoOf } from "../errors.ts";
import { temporaryName } from "./durable.ts";
import { openFolder, placeOf } from "./inside.ts";

/**
 * Removes a tree whose folders may be read-only. Never follows a symlink, whoever may put one there meanwhile. A tree that
 * isn't there is no error.
 */
export function removeTree(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  if (stat.isDirectory()) removeFolder(path, path);
  else unlinkSync(path);
}

/** `place` leads to the folder that was opened, and `path` is what it is called. */
function removeFolder(place: string, path: string): void {
  const fd = openForUs(place, path);
  try {
    if ((fstatSync(fd).mode & 0o700) !== 0o700) fchmodSync(fd, 0o755);
    const inner = placeOf(fd, path);
    for (const entry of readdirSync(inner, { withFileTypes: true })) {
      const child = `${inner}/${entry.name}`;
      if (entry.isDirectory()) removeFolder(child, `${path}/${entry.name}`);
      else unlinkSync(child);
    }
  } finally {
    closeSync(fd);
  }
  rmdirSync(place);
}

/** Root gets into every folder; whoever isn't could harm only what is their own. */
function openForUs(place: string, path: string): number {
  try {
    return openFolder(place, path);
  } catch (error) {
    if (errnoOf(error) !== "EACCES") throw error;
    chmodSync(place, 0o755);
    return openFolder(place, path);
  }
}

/** Takes a tree's name away before its content, so that nobody takes what a run that died leaves of it for the whole. */
export function discardTree(path: string): void {
  if (!lstatSync(path, { throwIfNoEntry: false })) return;
  const doomed = temporaryName(path);
  renameSync(path, doomed);
  removeTree(doomed);
}
