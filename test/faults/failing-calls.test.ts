import { describe, test } from "vitest";
import { assertCaught, sample } from "./harness/campaign.ts";
import { failAtEach, failingCalls, kindOfFailing } from "./harness/failing.ts";
import { LONG, lacksStrace } from "./harness/machine.ts";
import { everyScenario } from "./harness/scenarios.ts";
import { setUpTrials } from "./harness/trials.ts";

const lacking = lacksStrace();
const FEW = 5;

describe.skipIf(lacking)(`a system call that fails (skipped if: ${lacking ?? "nothing"})`, () => {
  const trials = setUpTrials();

  test.for(everyScenario(2))(
    "%s: its exit code tells what is on disk",
    { timeout: LONG ? 1_800_000 : 120_000 },
    async (name) => {
      const trial = await trials.prepare(name);
      const calls = await failingCalls(trial);
      const chosen = sample(calls, FEW, kindOfFailing);
      trials.expectSound([await failAtEach(trial, chosen, `${name} (${calls.length} failures)`)]);
    },
  );

  test.for<[string, string, RegExp]>([
    ["switch", "switch-regardless", /says "done" and isn't/],
    ["stage", "rebuild-in-place", /index\.html is missing/],
  ])(
    "negative control: %s done as in wrong/%s.mjs is caught",
    { timeout: 120_000 },
    async ([name, wrong, fault]) => {
      const trial = await trials.prepare(name, { wrong });
      const calls = await failingCalls(trial);
      assertCaught(await failAtEach(trial, calls.slice(-24), wrong), fault);
    },
  );
});
