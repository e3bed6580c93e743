import { GreenroomError, translateErrno } from "../errors.ts";
import { lockStore } from "../release/store.ts";
import { type Done, runOperation } from "./operation.ts";
import { dropRelease, findDroppable, findUnneeded, sweepObjects } from "./prune-store.ts";
import { releasesToRetire } from "./retention.ts";
import { type Freed, freeWithoutWriting } from "./room.ts";
import type { EnvironmentState } from "./state.ts";
import type { Step } from "./steps.ts";
import { findRemoved } from "./sweep.ts";
import type { Scene } from "./world.ts";

type Pruned = Done & Freed;

/** Takes away what no environment needs: old trees, releases that are on no disk, contents of no release. */
export async function prune(scene: Scene, { dryRun }: { dryRun: boolean }): Promise<Pruned> {
  const { world } = scene;
  const lock = dryRun ? null : lockStore(world.store, "exclusive", { operation: "prune", by: world.by });
  try {
    return await pruneOnce(scene, dryRun);
  } catch (error) {
    if (dryRun || !isDiskFull(error)) throw error;
    return await pruneFullDisk(scene).catch(withoutPrune);
  } finally {
    lock?.release();
  }
}

/**
 * What this machine still has of releases that went on to servers: all but the last, which the next one is told by.
 * Servers have what their environments need.
 */
export function prunePassing({ site, world }: Scene, { dryRun }: { dryRun: boolean }): Freed {
  const { store } = world;
  const lock = dryRun ? null : lockStore(store, "exclusive", { operation: "prune", by: world.by });
  try {
    const dropped = findDroppable(site, store, [], world.now());
    const unneeded = findUnneeded(store, site.project, dropped);
    if (!dryRun) {
      for (const release of dropped) dropRelease(store, site.project, release);
      sweepObjects(store);
    }
    return { dropped, ...unneeded };
  } finally {
    lock?.release();
  }
}

async function pruneOnce(scene: Scene, dryRun: boolean): Promise<Pruned> {
  const done = await runOperation(scene, {
    operation: "prune",
    isHarmless: true,
    detail: {},
    dryRun,
    plan: (state) => planPrune(scene, state),
  });
  const dropped = done.steps.flatMap((step) => (step.do === "drop" ? [step.release] : []));
  const sweep = done.steps.find((step) => step.do === "sweep");
  return { ...done, dropped, objects: sweep?.objects ?? 0, bytes: sweep?.bytes ?? 0 };
}

function isDiskFull(error: unknown): boolean {
  const failure = translateErrno(error);
  return failure instanceof GreenroomError && failure.code === "DISK_FULL";
}

/** Whoever is pruning already needs other advice. */
function withoutPrune(thrown: unknown): never {
  const error = translateErrno(thrown);
  if (!isDiskFull(error)) throw thrown;
  throw new GreenroomError("DISK_FULL", (error as GreenroomError).message, {
    hint: "make room on that disk by other means, then give the same command again",
    cause: thrown,
  });
}

async function pruneFullDisk(scene: Scene): Promise<Pruned> {
  const freed = freeWithoutWriting(scene);
  const text = "the disk was full: some of it was deleted before the journal could say so";
  scene.world.emit({ event: "warning", text });
  const done = await pruneOnce(scene, false);
  return {
    ...done,
    warnings: [text, ...done.warnings],
    dropped: [...freed.dropped, ...done.dropped],
    objects: freed.objects + done.objects,
    bytes: freed.bytes + done.bytes,
  };
}

// Manifests go before the contents that they count on: whatever kills us between leaves contents too many, not too few.
function planPrune(scene: Scene, state: EnvironmentState): Step[] {
  const { site, spec, world } = scene;
  const retired = releasesToRetire(state, spec.keep);
  const drops = findDroppable(site, world.store, retired, world.now());
  const unneeded = findUnneeded(world.store, spec.project, drops);
  const sweeping = unneeded.objects > 0 || state.spare !== null || findRemoved(world.root).length > 0;
  return [
    ...retired.map((release): Step => ({ do: "retire", release })),
    ...(retired.length > 0 ? [{ do: "previews" } as const] : []),
    ...drops.map((release): Step => ({ do: "drop", release })),
    ...(sweeping ? [{ do: "sweep", ...unneeded } as const] : []),
  ];
}
