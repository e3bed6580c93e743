import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { judgeMoment, judgeNext, keepsPromise } from "./harness/aftermath.ts";
import { assertCaught, campaign, failuresOf, type Outcome, report, type Tally } from "./harness/campaign.ts";
import { createDice } from "./harness/damage.ts";
import { type Bench, LONG, openBench, SEED } from "./harness/machine.ts";
import { sh } from "./harness/mounts.ts";
import { look, samePicture } from "./harness/oracle.ts";
import { lacksPowerCuts, openDisk } from "./harness/power.ts";
import { buildPrograms, type Programs, run } from "./harness/program.ts";
import { copyRoot, prepare, type Scenario } from "./harness/scenarios.ts";

const lacking = LONG ? lacksPowerCuts() : "only in the long run";
const ROUNDS = 40;

describe.skipIf(lacking)(`the power cut at any moment (skipped if: ${lacking ?? "nothing"})`, () => {
  let bench: Bench;
  let programs: Programs;
  const tallies: Tally[] = [];
  let moments: string[] = [];

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
      tallies.push({ ...tally, name: `${tally.name} (${count(moments)})` });
      expect(failuresOf([tally])).toEqual([]);
    },
  );

  test.for<[string, string, RegExp]>([
    ["stage", "deploy-unsynced", /has another content/],
    ["switch", "journal-afterwards", /it said "done" and the restart lost it/],
  ])(
    "negative control: %s done as in wrong/%s.mjs is caught",
    { timeout: 600_000 },
    async ([name, wrong, fault]) => {
      const scenario = await prepareIn(name, wrong);
      const tally = await cutMany(
        scenario,
        [process.execPath, resolve(`test/faults/wrong/${wrong}.mjs`)],
        false,
      );
      assertCaught(tally, fault);
    },
  );

  /** How long the command takes on such a disk while another one is at work, in milliseconds. */
  async function measure({ where }: Scenario, argv: string[]): Promise<number> {
    const disk = openDisk(join(bench.dir, `measured-${Math.random()}`));
    try {
      const root = join(disk.at, "root");
      await copyRoot(where.root, root);
      const begun = performance.now();
      await run(argv, { ...where, root });
      return Math.ceil((performance.now() - begun) * 1.3);
    } finally {
      disk.close();
    }
  }

  async function judge(scenario: Scenario, root: string, saidDone: boolean): Promise<string[]> {
    const now = look(root);
    moments.push(
      `${saidDone ? "after its answer" : "before its answer"}, ${samePicture(now, scenario.after) ? "new" : "old"}`,
    );
    const wrong = judgeMoment(scenario, now);
    if (saidDone && !keepsPromise(now, scenario.after)) wrong.push('it said "done" and the restart lost it');
    return wrong.length > 0 ? wrong : judgeNext(scenario, programs, root);
  }

  function prepareIn(name: string, folder: string): Promise<Scenario> {
    const dir = join(bench.dir, folder.replaceAll(" ", "-"));
    mkdirSync(dir);
    return prepare(name, programs, dir);
  }

  async function cutMany(scenario: Scenario, argv: string[], atOnce: boolean): Promise<Tally> {
    const rounds = Array.from({ length: ROUNDS }, (_, i) => i);
    const dice = createDice(SEED);
    const lasts = await measure(scenario, argv);
    moments = [];
    const attempt = async (round: number, place: string): Promise<Outcome> => {
      const disk = openDisk(place);
      try {
        const root = join(disk.at, "root");
        await copyRoot(scenario.where.root, root);
        sh("sync", "-f", disk.at);
        const running = run(argv, { ...scenario.where, root });
        const ended = await (atOnce ? Promise.race([running, pause(dice(lasts), null)]) : running);
        disk.cut(round % 2 === 0);
        await running;
        disk.restart();
        return { faults: await judge(scenario, root, ended?.code === 0) };
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

function count(words: string[]): string {
  const counts = [...new Set(words)]
    .sort()
    .map((word) => `${words.filter((one) => one === word).length} ${word}`);
  return counts.join("; ");
}
