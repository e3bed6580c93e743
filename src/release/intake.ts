import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "../disk/alive.ts";
import { ensureDirectory, orNull, syncFileSystem } from "../disk/durable.ts";
import type { FileEntry } from "./manifest.ts";
import { incomingName, objectName, type Store } from "./store.ts";

/** Plain data, so that another thread can have it too. */
export interface Place {
  dir: string;
  /** Folders of objects that the store had when the intake was opened. */
  stored: Set<string>;
}

/** Where a content waits: in a folder that will move as a whole, unless the store has that one. */
export function placeOf({ dir, stored }: Place, entry: FileEntry): { folder: string; path: string } {
  const folder = entry.sha256.slice(0, 2);
  const within = stored.has(folder) ? dir : `${dir}/${folder}`;
  return { folder: within, path: `${within}/${objectName(entry)}` };
}

/**
 * Where contents wait until all of them are durable; only then they get their names in the store. Several threads may
 * fill one intake, each through a `Keeper` of its own.
 */
export interface Intake extends Place {
  settle(): void;
  abandon(): void;
}

export function openIntake(store: Store): Intake {
  for (const folder of [store.objects, store.incoming]) ensureDirectory(folder);
  clearDead(store);
  const dir = incomingName(store);
  mkdirSync(dir);
  return {
    dir,
    stored: new Set(readdirSync(store.objects)),
    settle() {
      const names = readdirSync(dir);
      if (names.length > 0) syncFileSystem(dir);
      for (const name of names) {
        if (name.length === FOLDER) nameFolder(store, dir, name);
        else renameSync(join(dir, name), join(store.objects, name.slice(0, FOLDER), name));
      }
      rmSync(dir, { recursive: true });
    },
    abandon() {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Objects are kept in folders by the first letters of their names. */
const FOLDER = 2;

// One rename for all that is in it, unless somebody else has made it meanwhile.
function nameFolder(store: Store, dir: string, folder: string): void {
  const target = join(store.objects, folder);
  const moved = orNull(() => renameSync(join(dir, folder), target) ?? true, "ENOTEMPTY", "EEXIST");
  if (moved) return;
  for (const name of readdirSync(join(dir, folder))) renameSync(join(dir, folder, name), join(target, name));
}

/** Removes what runs that died left behind. */
export function clearDead(store: Store): void {
  for (const name of orNull(() => readdirSync(store.incoming), "ENOENT") ?? []) {
    if (!isAlive(Number.parseInt(name, 10)))
      rmSync(join(store.incoming, name), { recursive: true, force: true });
  }
}
