import { applyStep, type Stage } from "../environment/apply.ts";
import { openDoors } from "../environment/door.ts";
import { dropIntent, type Intent, isCarriedOut, readIntent, writeIntent } from "../environment/intent.ts";
import { takeLock } from "../environment/operation.ts";
import { recover } from "../environment/recover.ts";
import { siteName } from "../environment/site.ts";
import type { Step } from "../environment/steps.ts";
import type { Scene } from "../environment/world.ts";
import { GreenroomError } from "../errors.ts";
import { performHere } from "./perform.ts";

/** Makes sure that the operation could be done this very moment, and writes down that it is about to be. Moves nothing. */
export async function promise(scene: Scene, intent: Intent): Promise<{ steps: Step[] }> {
  const { site, world } = scene;
  assertFree(scene, intent);
  const lock = takeLock(scene, "prepare");
  const stage: Stage = { scene, door: openDoors(site, world.parts), results: [], warnings: [] };
  try {
    await recover(stage);
    const input = { ...intent.input, dryRun: true };
    const { steps } = (await performHere(scene, intent.operation as never, input)) as { steps: Step[] };
    for (const step of steps) if (step.do === "ready") await applyStep(stage, step);
    writeIntent(site, intent);
    return { steps };
  } finally {
    await stage.door.close();
    lock.release();
  }
}

function assertFree({ site }: Scene, { id }: Intent): void {
  const other = readIntent(site);
  if (!other || other.id === id || isCarriedOut(site, other.id)) return;
  throw new GreenroomError(
    "LOCKED",
    `${siteName(site)} is about to do a ${other.operation} with ${other.servers.join(", ")}, since ${other.at} (${other.by})`,
    { hint: `greenroom recover ${site.environment}` },
  );
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

export function abandon({ site }: Scene, id: string): { abandoned: string } {
  dropIntent(site, id);
  return { abandoned: id };
}
