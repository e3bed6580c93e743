import { GreenroomError } from "../errors.ts";
import { hookSteps } from "./hooks.ts";
import { moveSteps } from "./identity.ts";
import { isLiveByNow } from "./meant.ts";
import { runOperation } from "./operation.ts";
import type { Side } from "./sides.ts";
import { siteName } from "./site.ts";
import type { EnvironmentSpec } from "./spec.ts";
import { type EnvironmentState, liveRelease, rehearsalRelease } from "./state.ts";
import type { Step } from "./steps.ts";
import { verdictWord } from "./verdict.ts";
import type { Scene } from "./world.ts";

export interface SwitchOptions {
  /** Only this one. */
  release?: string | undefined;
  force: boolean;
  dryRun: boolean;
}

export async function switchSides(scene: Scene, { release, force, dryRun }: SwitchOptions) {
  const done = await runOperation(scene, {
    operation: "switch",
    detail: { force },
    isTurn: release === undefined,
    dryRun,
    plan: (state) => (isLiveByNow(state, release) ? [] : planSwitch(state, scene.spec, force)),
  });
  return { ...done, live: { side: done.state.live, release: liveRelease(done.state) } };
}

/** Everything visitors see moves with the step "traffic"; whatever fails before it leaves them untouched. */
export function planSwitch(state: EnvironmentState, spec: EnvironmentSpec, force: boolean): Step[] {
  const release = assertRehearsed(state, force);
  const side = state.rehearsal;
  const after = { live: side, rehearsal: side };
  return [
    ...hookSteps(spec, "before:switch", state),
    { do: "ready", side },
    moveStep(state, side, 0),
    ...moveSteps(state, state.identities[side]),
    ...unmark(state, release),
    ...hookSteps(spec, "after:switch", after),
  ];
}

/** Who is held while traffic moves stays so: a pause ends when somebody says so. */
export function moveStep({ traffic }: EnvironmentState, live: Side, share: number): Step {
  const until = traffic?.paused ? { until: traffic.paused } : {};
  return { do: "traffic", generation: (traffic?.generation ?? 0) + 1, live, share, ...until };
}

/** The release that is about to get visitors: there is one, and its checks have passed since it was staged. */
export function assertRehearsed(state: EnvironmentState, force: boolean): string {
  const { site, rehearsal, verdict } = state;
  const release = rehearsalRelease(state);
  if (!release) {
    throw new GreenroomError("SIDE_EMPTY", `${siteName(site)} has nothing on its ${rehearsal} side`, {
      hint: `greenroom stage ${site.environment}`,
    });
  }
  if (!verdict?.passed && !force) {
    throw new GreenroomError(
      "CHECKS_NOT_PASSED",
      `the checks of ${release} on ${siteName(site)}'s rehearsal: ${verdictWord(verdict)}`,
      {
        hint: `greenroom check ${site.environment}`,
        detail: verdict?.results
          .filter(({ passed }) => !passed)
          .map(({ check, reason }) => `${check}: ${reason}`),
      },
    );
  }
  assertNotBad(state, release, force);
  return release;
}

function assertNotBad({ site, bad }: EnvironmentState, release: string, force: boolean): void {
  if (force || !bad.includes(release)) return;
  throw new GreenroomError("RELEASE_BAD", `${release} was left as bad by an earlier rollback`, {
    hint: `if it is good after all: greenroom switch ${site.environment} --force`,
  });
}

/** Who sends visitors to a release that was once left as bad has thought better of it. */
export function unmark(state: EnvironmentState, release: string): Step[] {
  return state.bad.includes(release) ? [{ do: "mark", release, bad: false }] : [];
}
