import type { Scene } from "../environment/world.ts";
import { lockStore } from "../release/store.ts";
import { operations } from "./operations.ts";

/** These make trees of what the store has: nothing may be swept from it meanwhile. */
const RELYING = new Set(["stage", "rollback"]);

/** Does to an environment of this machine what its caller, from here or elsewhere, asks for. */
export async function performHere(
  scene: Scene,
  operation: keyof typeof operations,
  input: { dryRun: boolean },
): Promise<object> {
  const run = operations[operation] as (scene: Scene, given: typeof input) => Promise<object>;
  const relies = RELYING.has(operation) && !input.dryRun;
  const lock = relies ? lockStore(scene.world.store, "shared", {}) : null;
  try {
    return await run(scene, input);
  } finally {
    lock?.release();
  }
}

/** What is done now was promised before. */
export function withIntent(scene: Scene, intent: string | undefined): Scene {
  return intent === undefined ? scene : { ...scene, world: { ...scene.world, intent } };
}
