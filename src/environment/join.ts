import { GreenroomError } from "../errors.ts";
import { moveSteps } from "./identity.ts";
import type { Course } from "./likeness.ts";
import { runOperation } from "./operation.ts";
import { other, type Side } from "./sides.ts";
import { type Site, siteName } from "./site.ts";
import type { EnvironmentState } from "./state.ts";
import type { Step } from "./steps.ts";
import type { Movement } from "./traffic.ts";
import { readVerdict } from "./verdict.ts";
import type { Scene } from "./world.ts";

export interface JoinOptions {
  course: Course;
  dryRun: boolean;
}

/** Sends visitors here the way that the environment's other servers do; the sides have what these have by then. */
export async function join(scene: Scene, { course, dryRun }: JoinOptions) {
  const done = await runOperation(scene, {
    operation: "join",
    detail: { history: course.history },
    dryRun,
    plan: (state) => planJoin(state, course),
  });
  return { ...done, live: done.state.live };
}

export function planJoin(state: EnvironmentState, { live, share, paused, bad }: Course): Step[] {
  const { site, traffic } = state;
  const marks = bad
    .filter((release) => !state.bad.includes(release))
    .map((release): Step => ({ do: "mark", release, bad: true }));
  const isOn = traffic?.live === live && traffic.buckets[other(live)] === share && traffic.paused === paused;
  if (isOn) return marks;
  const seen = share > 0 ? [live, other(live)] : [live];
  for (const side of seen) assertChecked(site, state, side);
  const until: Partial<Movement> = paused === null ? {} : { until: paused };
  return [
    ...seen.map((side): Step => ({ do: "ready", side })),
    { do: "traffic", generation: (traffic?.generation ?? 0) + 1, live, share, ...until },
    ...moveSteps(state, state.identities[live]).filter((step) => step.do !== "previews"),
    { do: "previews" },
    ...marks,
  ];
}

/** What is about to get visitors has passed its checks on this very machine. */
function assertChecked(site: Site, { sides }: EnvironmentState, side: Side): void {
  const verdict = readVerdict(site, side);
  if (sides[side] !== null && verdict?.passed && verdict.release === sides[side]) return;
  throw new GreenroomError(
    "CHECKS_NOT_PASSED",
    `the checks of what is on the ${side} side of ${siteName(site)} haven't passed here`,
    { hint: `give the command again that brings this server to ${site.environment}` },
  );
}
