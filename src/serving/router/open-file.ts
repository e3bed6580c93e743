import { constants, readlinkSync, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

export interface OpenFile {
  handle: FileHandle;
  stats: Stats;
}

/** Opens just the regular file at a real path; null where something else is there by now. The caller closes it. */
export async function openFile(path: string): Promise<OpenFile | null> {
  // O_NONBLOCK: opening a pipe must not wait for its writer.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags).catch(() => null);
  if (!handle) return null;
  const stats = await handle.stat();
  if (stats.isFile() && isAt(handle, path)) return { handle, stats };
  await handle.close();
  return null;
}

// A folder on the way may have become a link since it was looked at. Systems without /proc go without this check.
function isAt(handle: FileHandle, path: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${handle.fd}`) === path;
  } catch {
    return true;
  }
}
