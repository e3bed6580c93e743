import { describe, test } from "vitest";
import { assertCaught, campaign, sample, type Tally } from "./harness/campaign.ts";
import { type Death, deathsOf, dieOnce } from "./harness/children.ts";
import { LONG, lacks } from "./harness/machine.ts";
import { everyScenario } from "./harness/scenarios.ts";
import { setUpTrials, type Trial } from "./harness/trials.ts";

const lacking = lacks("flock");
const FEW = 2;

describe.skipIf(lacking)(
  `flock and sync, which operations call (skipped if: ${lacking ?? "nothing"})`,
  () => {
    const trials = setUpTrials();

    test.for(everyScenario(4))(
      "%s: whoever of them dies, the site is whole and the exit code true",
      { timeout: LONG ? 600_000 : 120_000 },
      async (name) => {
        const trial = await trials.prepare(name);
        const deaths = await deathsOf(trial);
        trials.expectSound([await dieAtEach(trial, sample(deaths, FEW, tell))]);
      },
    );

    test.for<[string, RegExp]>([
      ["switch-around-sync", /live null/],
      ["switch-if-synced", /the child dies\s.*says "done" and isn't/],
    ])("negative control: switch done as in wrong/%s.mjs is caught", async ([wrong, fault]) => {
      const trial = await trials.prepare("switch", { wrong });
      assertCaught(await dieAtEach(trial, await deathsOf(trial)), fault);
    });
  },
);

function dieAtEach(trial: Trial, deaths: Death[]): Promise<Tally> {
  return campaign(
    trial.scenario.name,
    deaths,
    trial.dir,
    (death, place) => dieOnce(trial, death, place),
    tell,
  );
}

function tell({ child, moment }: Death): string {
  return `child ${child}: ${moment}`;
}
