import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { judgeMoment, judgeNext, keepsPromise } from "./aftermath.ts";
import { campaign, type Outcome, type Tally } from "./campaign.ts";
import { countPoints, SHIFTS } from "./killing.ts";
import { look, samePicture } from "./oracle.ts";
import type { Ran } from "./program.ts";
import { copyRoot, type Scenario } from "./scenarios.ts";
import { type Failing, failAt, isMeant, type Point } from "./strace.ts";
import type { Trial } from "./trials.ts";

/** Every call that changes something, also where it would have failed anyway. */
export async function failingCalls(trial: Trial): Promise<Failing[]> {
  return withErrors(await countPoints(trial));
}

/** Each point with one of the errors that fit it, and the first of each kind with all of them. */
export function withErrors(points: Point[]): Failing[] {
  const kinds = new Set<string>();
  return points.flatMap((point, i) => {
    const errors = errorsOf(point.call);
    const first = !kinds.has(point.kind);
    kinds.add(point.kind);
    return (first ? errors : [errors[i % errors.length]!]).map((error) => ({ point, error }));
  });
}

export function kindOfFailing({ point, error }: Failing): string {
  return `${error} ${point.kind}`;
}

function errorsOf(call: string): string[] {
  if (call === "openat") return ["EMFILE", "EACCES", "ENOSPC", "EIO"];
  if (/write|copy|sendfile|truncate|sync/.test(call)) return ["ENOSPC", "EIO"];
  if (/unlink|rmdir|chmod|chown|utimens/.test(call)) return ["EACCES", "EIO"];
  return ["ENOSPC", "EACCES", "EIO"];
}

/** Lets each of the calls fail, in a world of its own each time. */
export function failAtEach(trial: Trial, calls: Failing[], name: string): Promise<Tally> {
  return campaign(
    name,
    calls,
    trial.dir,
    (failing, place) => failOnce(trial, failing, place),
    ({ point, error }) => `${error} at ${point.what}`,
  );
}

async function failOnce(trial: Trial, { point, error }: Failing, place: string): Promise<Outcome> {
  const { scenario, argv, tracer } = trial;
  mkdirSync(place, { recursive: true });
  for (const [i, shift] of SHIFTS.entries()) {
    if (point.when + shift < 1) continue;
    const root = join(place, String(i));
    await copyRoot(scenario.where.root, root);
    const traced = { tracer, argv, where: { ...scenario.where, root }, log: join(place, "strace") };
    const ran = await failAt(traced, { point: { ...point, when: point.when + shift }, error });
    if (isMeant(tracer, ran.hit, point)) return { faults: await judgeFailed(trial, ran, root) };
  }
  return { hole: "it didn't fail there" };
}

/** Those that couldn't be removed wait for the next move of the traffic. */
const OLD_GENERATIONS = /^traffic\.d\//;

/** Whether the exit code tells what is on disk, and what comes next. */
export async function judgeFailed({ scenario, programs }: Trial, ran: Ran, root: string): Promise<string[]> {
  const wrong = judgeExit(scenario, ran, root);
  return wrong.length > 0 ? wrong : judgeNext(scenario, programs, root, OLD_GENERATIONS);
}

/** 0 exactly if what the command promises is on disk; else visitors see what they saw before. A bug is never an answer. */
export function judgeExit(scenario: Scenario, { code, signal, output }: Ran, root: string): string[] {
  const now = look(root);
  const wrong = judgeMoment(scenario, now);
  if (code === null) wrong.push(`it ended with ${signal}`);
  if (code === 70) wrong.push(`it thinks that this is a bug of its own: ${output}`);
  if (code === 0 && !keepsPromise(now, scenario.after)) wrong.push(`it says "done" and isn't: ${output}`);
  if (code !== 0 && !samePicture(now, scenario.before))
    wrong.push(`it says ${code} and has moved: ${output}`);
  return wrong;
}
