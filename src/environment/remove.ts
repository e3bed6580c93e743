import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { orNull, syncDirectory, temporaryName } from "../disk/durable.ts";
import { removeTree } from "../disk/remove.ts";
import { GreenroomError } from "../errors.ts";
import { lockStore } from "../release/store.ts";
import { forgetHosts } from "./identity.ts";
import { assertExists, takeLock } from "./operation.ts";
import { type Site, siteName } from "./site.ts";
import { readState } from "./state.ts";
import { keptStorage } from "./storage/storage.ts";
import type { Scene } from "./world.ts";

export interface RemoveOptions {
  force: boolean;
  /** Also what visitors and the app have put there. */
  storage: boolean;
  dryRun: boolean;
}

/** The environment on this machine, not its releases: these stay in the store until `prune`. */
export async function remove(scene: Scene, { force, storage, dryRun }: RemoveOptions) {
  const { site, world } = scene;
  if (!lstatSync(site.dir, { throwIfNoEntry: false })) assertExists(scene);
  assertRemovable(site, force);
  const kept = storage ? null : keptStorage(site);
  if (!dryRun) {
    // Who prunes takes what has a temporary name for something that a run that died left.
    const store = lockStore(world.store, "shared", {});
    try {
      await world.parts.router.forget(site);
      removeLocked(scene, kept !== null);
      await world.parts.supervisor.forget(site);
    } finally {
      store.release();
    }
  }
  return { removed: siteName(site), storage: kept };
}

function removeLocked(scene: Scene, keepStorage: boolean): void {
  const lock = takeLock(scene, "remove");
  try {
    removeSite(scene.site, keepStorage);
  } finally {
    lock.release();
  }
}

function assertRemovable(site: Site, force: boolean): void {
  if (force || site.environment !== "production" || !readState(site).live) return;
  throw new GreenroomError("ENVIRONMENT_LIVE", `${siteName(site)} is live`, {
    hint: `if it is to go: greenroom remove ${site.environment} --force`,
  });
}

// First nobody is sent there any more, then it has no name, then it goes: a run that dies leaves nothing half alive.
// Storage that stays is never under a name that means rubbish.
function removeSite(site: Site, keepStorage: boolean): void {
  forgetHosts(site);
  const doomed = temporaryName(site.dir);
  if (keepStorage) takeAllButStorage(site, doomed);
  else renameSync(site.dir, doomed);
  syncDirectory(dirname(site.dir));
  removeTree(doomed);
  orNull(() => rmdirSync(dirname(site.dir)), "ENOTEMPTY", "EEXIST");
}

function takeAllButStorage(site: Site, doomed: string): void {
  mkdirSync(doomed);
  for (const name of readdirSync(site.dir)) {
    if (name !== "storage") renameSync(join(site.dir, name), join(doomed, name));
  }
}
