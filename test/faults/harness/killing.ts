import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { removeTree } from "../../../src/disk/remove.ts";
import { judgeMoment, judgeNext } from "./aftermath.ts";
import type { Outcome } from "./campaign.ts";
import { LONG } from "./machine.ts";
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
  return /write/.test(call) ? [...NEAR, ...NEAR, ...NEAR, ...NEAR] : [0, 0, 1, -1, 2, -2, 0];
}

/** The points at which the scenario's command changes something; `argv` may be another program in its place. */
export async function killingPoints(scenario: Scenario, argv: string[], dir: string): Promise<Point[]> {
  return (await countPoints(scenario, argv, dir)).filter(({ fails }) => !fails);
}

/** Counted in several runs, because Node's own calls between the points vary; the middle count is the likeliest. */
export async function countPoints({ where }: Scenario, argv: string[], dir: string): Promise<Point[]> {
  const counts = new Map<string, number[]>();
  let points: Point[] = [];
  for (const run of LONG ? ["a", "b", "c", "d", "e"] : ["a", "b", "c"]) {
    const root = join(dir, `counted-${run}`);
    await copyRoot(where.root, root);
    points = await findPoints(argv, { ...where, root }, join(dir, "counted.strace"));
    for (const { what, when } of points) counts.set(what, [...(counts.get(what) ?? []), when]);
    removeTree(root);
  }
  return points.map((point) => ({ ...point, when: middle(counts.get(point.what)!) }));
}

function middle(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
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
