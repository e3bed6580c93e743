import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  campaign,
  failuresOf,
  type Outcome,
  report,
  sample,
  type Tally,
  tolerable,
  undisturbed,
} from "./harness/campaign.ts";
import { killed, killingPoints, killOnce } from "./harness/killing.ts";
import { type Bench, LONG, lacksStrace, openBench, SEED } from "./harness/machine.ts";
import { look } from "./harness/oracle.ts";
import { buildPrograms, type Programs } from "./harness/program.ts";
import { prepare, type Scenario } from "./harness/scenarios.ts";
import type { Point } from "./harness/strace.ts";

const lacking = lacksStrace();
const SCENARIOS = [
  "stage",
  "switch",
  "rollback from the store",
  "prune",
  "deploy and switch",
  "first deploy",
];
/** Points of the first kill, and of the second after each of them. */
const [FIRST, SECOND] = LONG ? [8, 8] : [1, 3];

describe.skipIf(lacking)(`killed again while recovering (skipped if: ${lacking ?? "nothing"})`, () => {
  let bench: Bench;
  let programs: Programs;
  const tallies: Tally[] = [];

  beforeAll(async () => {
    bench = openBench();
    programs = await buildPrograms(bench.dir);
  });
  afterAll(() => {
    bench.remove();
    console.log(report(tallies));
  });

  test.for(LONG ? SCENARIOS : SCENARIOS.slice(SEED % 2 ? 3 : 0).slice(0, 3))(
    "%s: the site is whole, and the third run succeeds",
    {
      timeout: LONG ? 900_000 : 120_000,
    },
    async (name) => {
      const dir = join(bench.dir, name.replaceAll(" ", "-"));
      mkdirSync(dir);
      const scenario = await prepare(name, programs, dir);
      const argv = [process.execPath, programs.cli, ...scenario.argv];
      const firsts = spread(await killingPoints(scenario, argv, dir), FIRST);
      const mine: Tally[] = [];
      for (const [i, first] of firsts.entries()) {
        mine.push(await killAgain(scenario, argv, first, join(dir, `first-${i}`)));
      }
      tallies.push(...mine);
      expect(failuresOf(mine)).toEqual([]);
      const runs = mine.reduce((sum, tally) => sum + tally.runs, 0);
      expect(undisturbed(mine)).toBeLessThanOrEqual(tolerable(runs));
      expect(runs).toBeGreaterThan(0);
    },
  );

  async function killAgain(scenario: Scenario, argv: string[], first: Point, dir: string): Promise<Tally> {
    const root = await killed(scenario.where, argv, first, dir);
    if (root === null)
      return {
        name: scenario.name,
        runs: 1,
        holes: [`first killed before ${first.what}`],
        failures: [],
        broken: [],
      };
    const dead: Scenario = { ...scenario, where: { ...scenario.where, root } };
    const again = [process.execPath, programs.cli, ...scenario.again(look(root))];
    const points = await killingPoints(dead, again, dir);
    const attempt = (point: Point, place: string): Promise<Outcome> =>
      killOnce(dead, programs, again, point, place);
    return campaign(
      `${scenario.name}, first killed before ${first.what}`,
      spread(points, SECOND),
      dir,
      attempt,
      (point) => `then before ${point.what}`,
    );
  }
});

function spread(points: Point[], few: number): Point[] {
  const kinds = [...new Map(points.map((point) => [point.kind, point])).values()];
  return sample(kinds, few, ({ kind }) => kind, true);
}
