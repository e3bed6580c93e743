import { GreenroomError } from "../errors.ts";
import { hookSteps } from "./hooks.ts";
import { runOperation } from "./operation.ts";
import { siteName } from "./site.ts";
import type { EnvironmentSpec } from "./spec.ts";
import type { EnvironmentState } from "./state.ts";
import type { Step } from "./steps.ts";
import { assertRehearsed, moveStep } from "./switch.ts";
import type { Scene } from "./world.ts";

export interface CanaryOptions {
  /** Of 100 buckets of visitors; 0 ends the canary. */
  share: number;
  force: boolean;
  dryRun: boolean;
}

export async function canary(scene: Scene, { share, force, dryRun }: CanaryOptions) {
  const done = await runOperation(scene, {
    operation: "canary",
    detail: { share, force },
    dryRun,
    plan: (state) => planCanary(state, scene.spec, share, force),
  });
  return { ...done, traffic: done.state.traffic?.buckets ?? null };
}

/** The live side stays what it is; some of the buckets point at the rehearsal. */
export function planCanary(
  state: EnvironmentState,
  spec: EnvironmentSpec,
  share: number,
  force: boolean,
): Step[] {
  const { site, live, rehearsal, traffic } = state;
  if (!live || !traffic) {
    throw new GreenroomError(
      "NOTHING_LIVE",
      `${siteName(site)} has nothing live that a canary could take visitors from`,
      {
        hint: `greenroom deploy ${site.environment}`,
      },
    );
  }
  if (traffic.buckets[rehearsal] === share) return [];
  const move = moveStep(state, live, share);
  if (share === 0) return [move];
  assertRehearsed(state, force);
  return [
    ...hookSteps(spec, "before:canary", state),
    { do: "ready", side: rehearsal },
    move,
    ...hookSteps(spec, "after:canary", state),
  ];
}
