import { GreenroomError } from "../errors.ts";
import { countOf } from "../events.ts";
import { describeCheck } from "./checks.ts";
import { hookSteps } from "./hooks.ts";
import { isLiveByNow } from "./meant.ts";
import { runOperation } from "./operation.ts";
import { rehearsingOn } from "./rehearsing-on.ts";
import type { Side } from "./sides.ts";
import { siteName } from "./site.ts";
import type { EnvironmentSpec } from "./spec.ts";
import { type EnvironmentState, rehearsalRelease } from "./state.ts";
import type { Step } from "./steps.ts";
import type { Scene } from "./world.ts";

export interface CheckOptions {
  /** Another one than that which rehearses. */
  side?: Side | undefined;
  /** Only this one. */
  release?: string | undefined;
  dryRun: boolean;
}

export async function check(scene: Scene, { side, release, dryRun }: CheckOptions) {
  const done = await runOperation(scene, {
    operation: "check",
    detail: {},
    dryRun,
    plan: (state) =>
      isLiveByNow(state, release) ? [] : planCheck(rehearsingOn(state, side, null), scene.spec),
  });
  const failed = done.results.filter((result) => !result.passed);
  if (failed.length > 0) {
    const { environment } = scene.spec;
    throw new GreenroomError(
      "CHECK_FAILED",
      `${failed.length} of ${countOf(done.results.length, "check")} failed`,
      {
        detail: failed.map((result) => `${result.check}: ${result.reason}`),
        hint: `mend it, then: greenroom stage ${environment} and greenroom check ${environment}`,
      },
    );
  }
  return { ...done, release: rehearsalRelease(rehearsingOn(done.state, side, null)) };
}

/** All checks run, also after one has failed: who mends things wants to see all of them. */
export function planCheck(state: EnvironmentState, spec: EnvironmentSpec): Step[] {
  const { site, rehearsal: side } = state;
  const release = rehearsalRelease(state);
  if (!release) {
    throw new GreenroomError("SIDE_EMPTY", `${siteName(site)} has nothing on its ${side} side to check`, {
      hint: `greenroom stage ${site.environment}`,
    });
  }
  return [
    ...hookSteps(spec, "before:check", state),
    { do: "ready", side },
    ...spec.checks.map((one, index): Step => ({ do: "check", side, check: describeCheck(one), index })),
    { do: "verdict", side, release },
    ...hookSteps(spec, "after:check", state),
  ];
}
