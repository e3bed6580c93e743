import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { assertCaught, merge, sample, type Tally } from "./harness/campaign.ts";
import { killAtEach, killed, killingPoints } from "./harness/killing.ts";
import { LONG, lacksStrace, SEED } from "./harness/machine.ts";
import type { Point } from "./harness/strace.ts";
import { commandLine, setUpTrials, type Trial, wrongProgram } from "./harness/trials.ts";

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
  const trials = setUpTrials();

  test.for(LONG ? SCENARIOS : SCENARIOS.slice(SEED % 2 ? 3 : 0).slice(0, 3))(
    "%s: the site is whole, and the third run succeeds",
    { timeout: LONG ? 900_000 : 120_000 },
    async (name) => {
      const tally = await killTwice(await trials.prepare(name), FIRST);
      trials.expectSound([tally]);
    },
  );

  test("negative control: recovering as in wrong/recover-in-two.mjs is caught", {
    timeout: 120_000,
  }, async () => {
    const trial = await trials.prepare("switch", { folder: "control" });
    assertCaught(await killTwice(trial, 2, wrongProgram("recover-in-two")), /live null/);
  });

  async function killTwice(trial: Trial, firsts: number, recovering?: string[]): Promise<Tally> {
    const points = spread(await killingPoints(trial), firsts);
    expect(points).not.toEqual([]);
    const tallies: Tally[] = [];
    for (const [i, first] of points.entries()) {
      const dir = join(trial.dir, `first-${i}`);
      tallies.push(await killAgain({ ...trial, dir }, first, recovering));
    }
    return merge(trial.scenario.name, tallies);
  }

  async function killAgain(trial: Trial, first: Point, recovering?: string[]): Promise<Tally> {
    mkdirSync(trial.dir);
    const name = `first killed before ${first.what}`;
    const root = await killed(trial, first, join(trial.dir, "dead"));
    if (root === null)
      return { name, runs: SECOND, holes: Array(SECOND).fill(name), failures: [], broken: [] };
    const { scenario, programs } = trial;
    // What is made now has other names than what the first run left.
    const where = { ...scenario.where, root, env: { TRACED_NAMES: "again" } };
    const again = recovering ?? commandLine(programs, scenario.again(root));
    const dead = { ...trial, scenario: { ...scenario, where }, argv: again };
    return killAtEach(dead, spread(await killingPoints(dead), SECOND), name);
  }
});

function spread(points: Point[], few: number): Point[] {
  const kinds = [...new Map(points.map((point) => [point.kind, point])).values()];
  return sample(kinds, few, ({ kind }) => kind, true);
}
