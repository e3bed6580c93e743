import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { judgeMoment, judgeNext } from "./harness/aftermath.ts";
import { campaign, failuresOf, type Outcome, report, type Tally } from "./harness/campaign.ts";
import { createDice } from "./harness/damage.ts";
import { type Bench, LONG, openBench, SEED } from "./harness/machine.ts";
import { sh } from "./harness/mounts.ts";
import { look } from "./harness/oracle.ts";
import { lacksPowerCuts, openDisk } from "./harness/power.ts";
import { buildPrograms, type Programs, run } from "./harness/program.ts";
import { copyRoot, prepare, type Scenario } from "./harness/scenarios.ts";

const lacking = LONG ? lacksPowerCuts() : "only in the long run";
const ROUNDS = 25;

describe.skipIf(lacking)(`the power cut at any moment (skipped if: ${lacking ?? "nothing"})`, () => {
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

  test.for(["stage", "switch", "deploy and switch", "rollback from the store"])(
    "%s: after the restart the site is the old or the new one, whole, and the next command succeeds",
    { timeout: 600_000 },
    async (name) => {
      const scenario = await prepareIn(name, name);
      const argv = [process.execPath, programs.cli, ...scenario.argv];
      const tally = await cutMany(scenario, argv, true);
      tallies.push(tally);
      expect(failuresOf([tally])).toEqual([]);
    },
  );

  test("negative control: a deploy that syncs nothing is caught", { timeout: 600_000 }, async () => {
    const scenario = await prepareIn("stage", "control");
    const tally = await cutMany(
      scenario,
      [process.execPath, resolve("test/faults/wrong/deploy-unsynced.mjs")],
      false,
    );
    expect(failuresOf([tally])).not.toEqual([]);
  });

  function prepareIn(name: string, folder: string): Promise<Scenario> {
    const dir = join(bench.dir, folder.replaceAll(" ", "-"));
    mkdirSync(dir);
    return prepare(name, programs, dir);
  }

  async function cutMany(scenario: Scenario, argv: string[], atOnce: boolean): Promise<Tally> {
    const rounds = Array.from({ length: ROUNDS }, (_, i) => i);
    const dice = createDice(SEED);
    const attempt = async (round: number, place: string): Promise<Outcome> => {
      const disk = openDisk(place);
      try {
        const root = join(disk.at, "root");
        await copyRoot(scenario.where.root, root);
        sh("sync", "-f", disk.at);
        const running = run(argv, { ...scenario.where, root });
        // Somewhere in the time that the command takes, or a little after it.
        await (atOnce ? Promise.race([running, pause(60 + dice(500))]) : running);
        disk.cut(round % 2 === 0);
        await running;
        disk.restart();
        const moment = judgeMoment(scenario, look(root));
        return { faults: moment.length > 0 ? moment : await judgeNext(scenario, programs, root) };
      } finally {
        disk.close();
      }
    };
    return campaign(
      `${scenario.name}, power cut`,
      rounds,
      join(bench.dir, "cuts"),
      attempt,
      (round) => `round ${round}`,
    );
  }
});
