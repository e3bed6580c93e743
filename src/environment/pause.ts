import { GreenroomError } from "../errors.ts";
import { runOperation } from "./operation.ts";
import { siteName } from "./site.ts";
import type { EnvironmentState } from "./state.ts";
import type { Step } from "./steps.ts";
import type { Movement } from "./traffic.ts";
import type { Scene } from "./world.ts";

export interface PauseOptions {
  /** Milliseconds; later visitors see that the site is being worked on. */
  hold: number;
  dryRun: boolean;
}

export const LONGEST_PAUSE = 24 * 3_600_000;

/** Holds new requests; those in flight go on. */
export async function pause(scene: Scene, { hold, dryRun }: PauseOptions) {
  const until = new Date(scene.world.now().getTime() + hold).toISOString();
  const plan = (state: EnvironmentState) => planMove(state, until);
  const done = await runOperation(scene, { operation: "pause", detail: { until }, dryRun, plan });
  return { ...done, until };
}

/** Lets go those who were held. */
export async function resume(scene: Scene, { dryRun }: Pick<PauseOptions, "dryRun">) {
  const plan = (state: EnvironmentState) => (state.traffic?.paused ? planMove(state, null) : []);
  return runOperation(scene, { operation: "resume", detail: {}, dryRun, plan });
}

/** The traffic as it is, held or let go. */
export function planMove(state: EnvironmentState, until: string | null): Step[] {
  const { site, live, rehearsal, traffic } = state;
  if (!live || !traffic) {
    throw new GreenroomError("NOTHING_LIVE", `${siteName(site)} has nothing live that could be paused`, {
      hint: `greenroom deploy ${site.environment}`,
    });
  }
  const move: Movement = {
    generation: traffic.generation + 1,
    live,
    share: traffic.buckets[rehearsal],
    ...(until !== null && { until }),
  };
  return [{ do: "traffic", ...move }];
}
