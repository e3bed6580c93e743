import { mkdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  assertCaught,
  campaign,
  failuresOf,
  report,
  sample,
  type Tally,
  tolerable,
  undisturbed,
} from "./harness/campaign.ts";
import { killingPoints, killOnce } from "./harness/killing.ts";
import { type Bench, LONG, lacksStrace, openBench } from "./harness/machine.ts";
import { buildPrograms, type Programs } from "./harness/program.ts";
import { prepare, SCENARIOS, type Scenario, settle } from "./harness/scenarios.ts";

const lacking = lacksStrace();
const FEW = 7;

describe.skipIf(lacking)(
  `killed at a system call that changes something (skipped if: ${lacking ?? "nothing"})`,
  () => {
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

    test.for(SCENARIOS)(
      "%s: the site is the old or the new one, whole, and the next command succeeds",
      { timeout: LONG ? 900_000 : 120_000 },
      async (name) => {
        const tally = await killEverywhere(name);
        tallies.push(tally);
        expect(failuresOf([tally])).toEqual([]);
        expect(undisturbed([tally])).toBeLessThanOrEqual(tolerable(tally.runs));
      },
    );

    test.for<[string, string, RegExp]>([
      ["switch", "switch-in-two", /live null/],
      ["stage", "rebuild-in-place", /index\.html is missing/],
      ["switch", "journal-afterwards", /the journal says/],
    ])(
      "negative control: %s done as in wrong/%s.mjs is caught",
      { timeout: 120_000 },
      async ([name, wrong, fault]) => {
        const tally = await killEverywhere(name, resolve("test/faults/wrong", `${wrong}.mjs`));
        assertCaught(tally, fault);
      },
    );

    async function killEverywhere(name: string, instead?: string): Promise<Tally> {
      const dir = join(
        bench.dir,
        `${name} ${instead ? `wrong ${basename(instead)}` : ""}`.replaceAll(" ", "-"),
      );
      mkdirSync(dir);
      const prepared = await prepare(name, programs, dir);
      const scenario = instead ? settling(prepared) : prepared;
      const argv = [process.execPath, ...(instead ? [instead] : [programs.cli, ...scenario.argv])];
      const points = await killingPoints(scenario, argv, dir);
      const chosen = instead
        ? [...sample(points, 8, ({ kind }) => kind, true), ...points.slice(-8)]
        : sample(points, FEW, (point) => point.kind);
      return campaign(
        `${name} (${points.length} points)`,
        chosen,
        dir,
        (point, place) => killOnce(scenario, programs, argv, point, place),
        (point) => `killed before ${point.what}`,
      );
    }
  },
);

/** A control's own doings must show: the same again might switch back, and cover them up. */
function settling(scenario: Scenario): Scenario {
  return { ...scenario, again: ({ live }) => (live === scenario.after.live ? settle : scenario.argv) };
}
