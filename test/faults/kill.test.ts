import { describe, test } from "vitest";
import { assertCaught, sample } from "./harness/campaign.ts";
import { killAtEach, killingPoints } from "./harness/killing.ts";
import { LONG, lacksStrace } from "./harness/machine.ts";
import { SCENARIOS } from "./harness/scenarios.ts";
import { setUpTrials } from "./harness/trials.ts";

const lacking = lacksStrace();
const FEW = 7;

describe.skipIf(lacking)(
  `killed at a system call that changes something (skipped if: ${lacking ?? "nothing"})`,
  () => {
    const trials = setUpTrials();

    test.for(SCENARIOS)(
      "%s: the site is the old or the new one, whole, and the next command succeeds",
      { timeout: LONG ? 1_800_000 : 120_000 },
      async (name) => {
        const trial = await trials.prepare(name);
        const points = await killingPoints(trial);
        const chosen = sample(points, FEW, ({ kind }) => kind);
        trials.expectSound([await killAtEach(trial, chosen, `${name} (${points.length} points)`)]);
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
        const trial = await trials.prepare(name, { wrong });
        const points = await killingPoints(trial);
        const chosen = [...sample(points, 8, ({ kind }) => kind, true), ...points.slice(-8)];
        assertCaught(await killAtEach(trial, chosen, wrong), fault);
      },
    );
  },
);
