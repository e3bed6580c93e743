import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { removeTree } from "../../../src/disk/remove.ts";
import { judgeMoment, judgeNext } from "./aftermath.ts";
import { campaign, type Outcome, type Tally } from "./campaign.ts";
import { look } from "./oracle.ts";
import { copyRoot } from "./scenarios.ts";
import { findPoints, isMeant, killAt, type Point } from "./strace.ts";
import type { Trial } from "./trials.ts";

/** Where a call may be that isn't where it was counted: Node makes one more, or one less, of its own now and then. */
export const SHIFTS = [0, 0, 1, -1, 2, -2];

/** The points at which the command changes something. */
export async function killingPoints(trial: Trial): Promise<Point[]> {
  return (await countPoints(trial)).filter(({ fails }) => !fails);
}

export async function countPoints({ scenario: { where }, argv, tracer, dir }: Trial): Promise<Point[]> {
  const root = join(dir, "counted");
  await copyRoot(where.root, root);
  const log = join(dir, "counted.strace");
  const points = await findPoints({ tracer, argv, where: { ...where, root }, log });
  removeTree(root);
  return points;
}

/** Kills the command at each of the points, in a world of its own each time. */
export function killAtEach(trial: Trial, points: Point[], name: string): Promise<Tally> {
  return campaign(
    name,
    points,
    trial.dir,
    (point, place) => killOnce(trial, point, place),
    (point) => `killed before ${point.what}`,
  );
}

/** Kills the command there, and judges what it leaves and what comes next. */
async function killOnce(trial: Trial, point: Point, place: string): Promise<Outcome> {
  const root = await killed(trial, point, place);
  return root === null ? { hole: "it was not killed there" } : { faults: await judgeKilled(trial, root) };
}

export async function judgeKilled({ scenario, programs }: Trial, root: string): Promise<string[]> {
  const moment = judgeMoment(scenario, look(root));
  return moment.length > 0 ? moment : judgeNext(scenario, programs, root);
}

/** The root of a run that was killed at the point; null where that can't be had. */
export async function killed(
  { scenario: { where }, argv, tracer }: Trial,
  point: Point,
  place: string,
): Promise<string | null> {
  mkdirSync(place, { recursive: true });
  for (const [i, shift] of SHIFTS.entries()) {
    if (point.when + shift < 1) continue;
    const root = join(place, String(i));
    await copyRoot(where.root, root);
    const traced = { tracer, argv, where: { ...where, root }, log: join(place, "strace") };
    const { hit } = await killAt(traced, { ...point, when: point.when + shift });
    if (isMeant(tracer, hit, point)) return root;
  }
  return null;
}
