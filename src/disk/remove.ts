import { chmodSync, lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";

/** Removes a tree whose folders may be read-only. Never follows a symlink. One that isn't there is no error. */
export function removeTree(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isDirectory()) return unlinkSync(path);
  removeFolder(path, (stat.mode & 0o700) === 0o700);
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
