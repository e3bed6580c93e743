import { chmodSync, lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { temporaryName } from "./durable.ts";

/** Removes a tree whose folders may be read-only. Never follows a symlink. One that isn't there is no error. */
export function removeTree(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  if (stat.isDirectory()) removeFolder(path, (stat.mode & 0o700) === 0o700);
  else unlinkSync(path);
}

function removeFolder(path: string, open: boolean): void {
  if (!open) chmodSync(path, 0o755);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = `${path}/${entry.name}`;
    if (entry.isDirectory()) removeFolder(child, false);
    else unlinkSync(child);
  }
  rmdirSync(path);
}

/** Takes a tree's name away before its content, so that nobody takes what a run that died leaves of it for the whole. */
export function discardTree(path: string): void {
  if (!lstatSync(path, { throwIfNoEntry: false })) return;
  const doomed = temporaryName(path);
  renameSync(path, doomed);
  removeTree(doomed);
}
