import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureDirectory, orNull, syncFileSystem } from "../disk/durable.ts";
import { errnoOf } from "../errors.ts";
import { incomingName, type Store } from "./store.ts";

/**
 * Where contents wait until all of them are durable; only then they get their names in the store. Several threads may
 * fill one intake, each through a `Keeper` of its own.
 */
export interface Intake {
  dir: string;
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
    settle() {
      const folders = readdirSync(dir);
      if (folders.length > 0) syncFileSystem(dir);
      for (const folder of folders) nameObjects(store, dir, folder);
      rmSync(dir, { recursive: true });
    },
    abandon() {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

// A folder that the store lacks moves as a whole: one rename for all that is in it.
function nameObjects(store: Store, dir: string, folder: string): void {
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

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === "EPERM";
  }
}
