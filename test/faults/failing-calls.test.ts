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
import { failingCalls, failOnce, kindOfFailing } from "./harness/failing.ts";
import { type Bench, LONG, lacksStrace, openBench } from "./harness/machine.ts";
import { buildPrograms, type Programs } from "./harness/program.ts";
import { everyScenario, prepare } from "./harness/scenarios.ts";

const lacking = lacksStrace();
const FEW = 5;

describe.skipIf(lacking)(`a system call that fails (skipped if: ${lacking ?? "nothing"})`, () => {
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

  test.for(everyScenario(2))(
    "%s: its exit code tells what is on disk",
    { timeout: LONG ? 1_800_000 : 120_000 },
    async (name) => {
      const tally = await failEverywhere(name);
      tallies.push(tally);
      expect(failuresOf([tally])).toEqual([]);
      expect(undisturbed([tally])).toBeLessThanOrEqual(tolerable(tally.runs));
    },
  );

  test.for<[string, string, RegExp]>([
    ["switch", "switch-regardless", /says "done" and isn't/],
    ["stage", "rebuild-in-place", /index\.html is missing/],
  ])(
    "negative control: %s done as in wrong/%s.mjs is caught",
    { timeout: 120_000 },
    async ([name, wrong, fault]) => {
      const tally = await failEverywhere(name, resolve("test/faults/wrong", `${wrong}.mjs`));
      assertCaught(tally, fault);
    },
  );

  async function failEverywhere(name: string, instead?: string): Promise<Tally> {
    const dir = join(bench.dir, `${name} ${instead ? basename(instead) : ""}`.replaceAll(" ", "-"));
    mkdirSync(dir);
    const scenario = await prepare(name, programs, dir);
    const argv = [process.execPath, ...(instead ? [instead] : [programs.cli, ...scenario.argv])];
    const calls = await failingCalls(scenario, argv, dir);
    return campaign(
      `${name} (${calls.length} failures)`,
      instead ? calls.slice(-24) : sample(calls, FEW, kindOfFailing),
      dir,
      (failing, place) => failOnce(scenario, programs, argv, failing, place),
      ({ point, error }) => `${error} at ${point.what}`,
    );
  }
});
