import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { assertCaught, sample, someOfEach } from "./harness/campaign.ts";
import { failAtEach, kindOfFailing, withErrors } from "./harness/failing.ts";
import { countPoints, killAtEach } from "./harness/killing.ts";
import { LONG, lacksStrace } from "./harness/machine.ts";
import { look } from "./harness/oracle.ts";
import { plantFault, run } from "./harness/program.ts";
import { copyRoot, SHARED_SCENARIO } from "./harness/scenarios.ts";
import type { Point } from "./harness/strace.ts";
import { firstThread, secondThread } from "./harness/tracers.ts";
import { setUpTrials, type Trial } from "./harness/trials.ts";

const lacking = lacksStrace();
const LIMIT = { timeout: LONG ? 1_800_000 : 120_000 };
/** Of each kind of call in the long run; of all kinds in the short one. */
const [EACH, FEW] = [3, 1];

const THREADS = { first: firstThread, second: secondThread };
type Thread = keyof typeof THREADS;
const threads: Thread[] = LONG ? ["first", "second"] : ["second"];

describe.skipIf(lacking)(`two threads that read a large source (skipped if: ${lacking ?? "nothing"})`, () => {
  const trials = setUpTrials();
  let world: Trial;

  beforeAll(async () => {
    world = await trials.prepare(SHARED_SCENARIO);
  });

  test.for(threads)(
    "killed on the %s one: the site is whole, and the next command succeeds",
    LIMIT,
    async (name) => {
      const { trial, points } = await findKinds(name);
      const alive = points.filter(({ fails }) => !fails);
      const chosen = sample(alive, FEW, ({ kind }) => kind);
      trials.expectSound([await killAtEach(trial, chosen, `killed on the ${name} thread`)]);
    },
  );

  test.for(threads)(
    "a call that fails on the %s one: the exit code tells what is on disk",
    LIMIT,
    async (name) => {
      const { trial, points } = await findKinds(name);
      const chosen = sample(withErrors(points), FEW, kindOfFailing);
      trials.expectSound([await failAtEach(trial, chosen, `failing on the ${name} thread`)]);
    },
  );

  test("a second one that can't begin is not waited for", LIMIT, async () => {
    const { scenario, programs, dir } = world;
    const where = { ...scenario.where, root: join(dir, "alone") };
    await copyRoot(scenario.where.root, where.root);
    const preload = ["--require", resolve("test/faults/harness/stillborn.cjs")];
    const { code } = await run([process.execPath, ...preload, programs.cli, ...scenario.argv], where, 20_000);
    expect(code).toBe(0);
    expect(look(where.root)).toEqual({ ...scenario.after, faults: [] });
  });

  test("negative control: a second one that overlooks a write that fails is caught", LIMIT, async () => {
    const { trial, points } = await findKinds("second");
    const careless = "try { writeAll(fd, bytes) } catch (error) { if (isMainThread) throw error }";
    const next = "\n\t\tfutimesSync(fd, entry.mtime, entry.mtime);";
    const cli = plantFault(trial.programs, `\twriteAll(fd, bytes);${next}`, `${careless};${next}`);
    const wrong = { ...trial, argv: trial.argv.map((word) => (word === trial.programs.cli ? cli : word)) };
    const write = withErrors(points).find(({ point }) => /^write.*incoming\/[^>]*\//.test(point.what))!;
    assertCaught(await failAtEach(wrong, [write], "overlook"), /many\/\d+\.txt has another content/);
  });

  async function findKinds(thread: Thread): Promise<{ trial: Trial; points: Point[] }> {
    const trial = { ...world, tracer: THREADS[thread] };
    // What the first one does alone is what it does for a small source, too.
    const points = (await countPoints(trial)).filter(({ what }) => what.includes("/incoming/"));
    return { trial, points: someOfEach(points, EACH, ({ kind }) => kind) };
  }
});
