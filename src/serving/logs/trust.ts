import { chownSync, lstatSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Why a log may not be touched, in words; null where it may. Who tells nginx to open its logs has root open them, so
 * nobody but root, ourselves and the root folder's owner may be able to say what is there under their names.
 */
export function findDistrust(root: string, files: string[]): string | null {
  const trusted = new Set([0, process.geteuid?.() ?? 0, statSync(root).uid]);
  const isTrusted = ({ uid }: Stats) => trusted.has(uid);
  for (const folder of new Set(files.map(dirname))) {
    const [name, place] = [lookAt(folder), statSync(folder, { throwIfNoEntry: false })];
    if (!name || !place) continue;
    if (!isTrusted(name) || !isTrusted(place) || (place.mode & 0o022) !== 0) {
      return `others can write in ${folder}; to go on: chown root ${folder} && chmod 750 ${folder}`;
    }
  }
  for (const file of files) {
    const log = lookAt(file);
    if (!log || (log.isFile() && log.nlink === 1) || (log.isSymbolicLink() && isTrusted(log))) continue;
    return `${file} is a link or no file, and not known to be yours; take it away`;
  }
  return null;
}

/** nginx's workers open logs by themselves, so they must get into a folder that lets only its group in. */
export function letIn(group: number, files: string[]): void {
  if (process.geteuid?.() !== 0) return;
  for (const folder of new Set(files.map(dirname))) {
    const place = statSync(folder, { throwIfNoEntry: false });
    // A group that somebody chose stays.
    if (!place || (place.mode & 0o001) !== 0 || place.gid !== process.getegid?.()) continue;
    chownSync(folder, place.uid, group);
  }
}

export function lookAt(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
