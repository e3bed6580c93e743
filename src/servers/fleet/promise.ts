import { applyStep, type Stage } from "../../environment/apply.ts";
import { openDoors } from "../../environment/door.ts";
import {
  assertNotPromised,
  dropIntent,
  type Intent,
  isCarriedOut,
  readIntent,
  writeIntent,
} from "../../environment/intent.ts";
import { takeLock } from "../../environment/operation.ts";
import { recover } from "../../environment/recover.ts";
import { assertRoom, makeRoom } from "../../environment/room.ts";
import type { EnvironmentState } from "../../environment/state.ts";
import { beforeCommit, type Step } from "../../environment/steps.ts";
import type { Scene } from "../../environment/world.ts";
import { GreenroomError } from "../../errors.ts";
import { performHere } from "../perform.ts";

export interface Promising {
  /** What visitors will see once it is kept: must be the same on all machines. */
  shows: { release: string | null; share: number };
}

/**
 * Makes sure that the operation could be done this very moment, runs the tasks that come before it, and writes down that
 * it is about to be done, unless whoever asked has gone meanwhile: nobody would keep it. Moves nothing.
 */
export async function promise(
  scene: Scene,
  intent: Intent,
  isHeard: () => Promise<boolean>,
): Promise<Promising> {
  const { site, world } = scene;
  const lock = takeLock(scene, "prepare");
  const stage: Stage = { scene, door: openDoors(site, world.parts), results: [], warnings: [] };
  try {
    makeRoom(scene);
    assertNotPromised(site, intent.id);
    await recover(stage);
    const input = { ...intent.input, dryRun: true };
    const planned = await performHere(scene, intent.operation as never, input);
    const { state, steps } = planned as { state: EnvironmentState; steps: Step[] };
    for (const step of beforeCommit(steps)) {
      if (step.do === "ready" || step.do === "task") await applyStep(stage, step);
    }
    assertRoom(scene);
    if (!(await isHeard())) throw new GreenroomError("LINE_CUT", "whoever asked for this has gone");
    writeIntent(site, intent);
    return { shows: shownBy(state, steps) };
  } finally {
    await stage.door.close();
    lock.release();
  }
}

function shownBy({ live, rehearsal, sides, traffic }: EnvironmentState, steps: Step[]): Promising["shows"] {
  const move = steps.findLast((step) => step.do === "traffic");
  const side = move?.live ?? live;
  const pointed = steps.findLast((step) => step.do === "point" && step.side === side);
  const release = (pointed?.do === "point" ? pointed.release : null) ?? (side && sides[side]);
  return { release, share: move?.share ?? traffic?.buckets[rehearsal] ?? 0 };
}

export interface Promised {
  intent: Intent | null;
  carriedOut: boolean;
}

/** What is left of a promise. `id` is that of another machine's. */
export function readPromise({ site }: Scene, id: string | null): Promised {
  const intent = readIntent(site);
  const asked = id ?? intent?.id ?? null;
  return { intent, carriedOut: asked !== null && isCarriedOut(site, asked) };
}

/** Nothing comes of it from now on, unless it was carried out before. */
export function abandon(scene: Scene, id: string): Pick<Promised, "carriedOut"> {
  const { site } = scene;
  if (readIntent(site)?.id === id) {
    const lock = takeLock(scene, "recover");
    try {
      dropIntent(site, id);
    } finally {
      lock.release();
    }
  }
  return { carriedOut: isCarriedOut(site, id) };
}
