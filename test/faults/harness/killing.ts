import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { judgeMoment, judgeNext } from "./aftermath.ts";
import type { Outcome } from "./campaign.ts";
import { look } from "./oracle.ts";
import type { Programs, Surroundings } from "./program.ts";
import { copyRoot, type Scenario } from "./scenarios.ts";
import { findPoints, killAt, type Point } from "./strace.ts";

/**
 * Node writes to pipes of its own, thrice for each child that ends at one moment rather than another, so that the
 * write that is meant may be a few before or after the one that was counted.
 */
const NEAR = [0, 3, -3, 0, 6, -6, 3, -3, 1, -1, 0, 9, -9];

export function shiftsOf({ call }: Point): number[] {
  return /write/.test(call) ? [...NEAR, ...NEAR, ...NEAR] : [0, 0, 0];
}

/** The points at which the scenario's command changes something; `argv` may be another program in its place. */
export async function killingPoints(scenario: Scenario, argv: string[], dir: string): Promise<Point[]> {
  const where = { ...scenario.where, root: join(dir, "counted") };
  await copyRoot(scenario.where.root, where.root);
  const points = await findPoints(argv, where, join(dir, "counted.strace"));
  return points.filter(({ fails }) => !fails);
}

/** Kills the command there, and judges what it leaves and what comes next. */
export async function killOnce(
  scenario: Scenario,
  programs: Programs,
  argv: string[],
  point: Point,
  place: string,
): Promise<Outcome> {
  const root = await killed(scenario.where, argv, point, place);
  if (root === null) return { hole: "it was not killed there" };
  const moment = judgeMoment(scenario, look(root));
  return { faults: moment.length > 0 ? moment : await judgeNext(scenario, programs, root) };
}

/** The root of a run that was killed at the point; null where that can't be had. */
export async function killed(
  where: Surroundings,
  argv: string[],
  point: Point,
  place: string,
): Promise<string | null> {
  for (const [i, shift] of shiftsOf(point).entries()) {
    const root = join(place, String(i));
    mkdirSync(place, { recursive: true });
    if (point.when + shift < 1) continue;
    await copyRoot(where.root, root);
    const { hit } = await killAt(
      argv,
      { ...point, when: point.when + shift },
      { ...where, root },
      join(place, "strace"),
    );
    if (hit === point.what) return root;
  }
  return null;
}
