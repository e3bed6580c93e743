import type { StaticFile } from "./static-file.ts";

/** Keeps what releases remember of their files below a bound of bytes; what was used lately stays longest. */
export interface FileCache {
  remember(files: Map<string, StaticFile>, path: string, file: StaticFile): void;
  drop(files: Map<string, StaticFile>): void;
  readonly bytes: number;
}

export function createFileCache(limit = 64 * 1024 * 1024): FileCache {
  const queue = new Map<StaticFile, Place>();
  let bytes = 0;

  function remove(file: StaticFile, place: Place): void {
    queue.delete(file);
    place.files.delete(place.path);
    bytes -= place.cost;
  }

  function makeRoom(): void {
    for (const [file, place] of queue) {
      if (bytes <= limit) return;
      queue.delete(file);
      // A second chance: a hit costs one flag instead of a reordering.
      if (file.used) queue.set(Object.assign(file, { used: false }), place);
      else remove(file, place);
    }
  }

  return {
    remember(files, path, file) {
      if (files.has(path)) return;
      const cost = OVERHEAD + path.length * 2 + (file.content?.length ?? 0);
      files.set(path, file);
      queue.set(file, { files, path, cost });
      bytes += cost;
      makeRoom();
    },
    drop(files) {
      for (const file of files.values()) {
        const place = queue.get(file);
        if (place) remove(file, place);
      }
    },
    get bytes() {
      return bytes;
    },
  };
}

interface Place {
  files: Map<string, StaticFile>;
  path: string;
  cost: number;
}

const OVERHEAD = 1500;
