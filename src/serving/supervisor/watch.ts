import { type FSWatcher, statSync, watch } from "node:fs";
import { orNull } from "../../disk/durable.ts";

export interface FolderWatch {
  /**
   * The folders to watch from now on; those that aren't there (yet) are looked for again at the next call. Answers
   * whether all are watched.
   */
  follow(folders: string[]): boolean;
  close(): void;
}

/** Calls back once things have been quiet for a moment. May miss changes, so whoever uses it also looks now and then. */
export function watchFolders(
  onChange: () => void,
  matters: (name: string) => boolean = () => true,
): FolderWatch {
  const watchers = new Map<string, { ino: number; watcher: FSWatcher }>();
  let timer: NodeJS.Timeout | undefined;

  const changed = (_: unknown, name: string | null) => {
    if (name !== null && !matters(name)) return;
    clearTimeout(timer);
    timer = setTimeout(onChange, QUIET);
  };
  const drop = (folder: string) => {
    watchers.get(folder)?.watcher.close();
    watchers.delete(folder);
  };
  const follow = (folders: string[]) => {
    for (const folder of watchers.keys()) if (!folders.includes(folder)) drop(folder);
    for (const folder of folders) {
      const ino = orNull(() => statSync(folder).ino, "ENOENT", "ENOTDIR");
      if (ino === watchers.get(folder)?.ino) continue;
      drop(folder);
      const watcher = ino === null ? null : start(folder, changed);
      if (ino === null || !watcher) continue;
      watchers.set(folder, { ino, watcher: watcher.on("error", () => drop(folder)) });
      changed(null, null);
    }
    return folders.every((folder) => watchers.has(folder));
  };
  const close = () => {
    clearTimeout(timer);
    follow([]);
  };
  return { follow, close };
}

/** Changes come in crowds: a look at the end of one does. */
const QUIET = 25;

// The kernel's limit of watches may be used up; then looking now and then must do.
function start(folder: string, changed: (event: string, name: string | null) => void): FSWatcher | null {
  try {
    return watch(folder, { persistent: false }, changed);
  } catch {
    return null;
  }
}
