import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { judgeMoment, judgeNext, keepsPromise } from "./aftermath.ts";
import type { Outcome } from "./campaign.ts";
import { countPoints, shiftsOf } from "./killing.ts";
import { look, samePicture } from "./oracle.ts";
import type { Programs, Ran } from "./program.ts";
import { copyRoot, type Scenario } from "./scenarios.ts";
import { failAt, type Point } from "./strace.ts";

/** A system call that fails, once. */
export interface Failing {
  point: Point;
  error: string;
}

/** Every call that changes something, also where it would have failed anyway; each kind with each error that fits. */
export async function failingCalls(scenario: Scenario, argv: string[], dir: string): Promise<Failing[]> {
  const points = await countPoints(scenario, argv, dir);
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

/** Those that couldn't be removed wait for the next move of the traffic. */
const OLD_GENERATIONS = /^traffic\.d\//;

/** Lets the call fail, and judges whether the exit code tells what is on disk, and what comes next. */
export async function failOnce(
  scenario: Scenario,
  programs: Programs,
  argv: string[],
  { point, error }: Failing,
  place: string,
): Promise<Outcome> {
  for (const [i, shift] of shiftsOf(point).entries()) {
    const root = join(place, String(i));
    mkdirSync(place, { recursive: true });
    if (point.when + shift < 1) continue;
    await copyRoot(scenario.where.root, root);
    const at = { ...point, when: point.when + shift };
    const ran = await failAt(argv, at, error, { ...scenario.where, root }, join(place, "strace"));
    if (ran.hit !== point.what) continue;
    const wrong = judgeExit(scenario, ran, root);
    return { faults: wrong.length > 0 ? wrong : await judgeNext(scenario, programs, root, OLD_GENERATIONS) };
  }
  return { hole: "it didn't fail there" };
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
