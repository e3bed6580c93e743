import { describe, test } from "vitest";
import { assertCaught } from "./harness/campaign.ts";
import { cutMany } from "./harness/cutting.ts";
import { LONG } from "./harness/machine.ts";
import { FILE_SYSTEMS, lacksPowerCuts } from "./harness/power.ts";
import { setUpTrials } from "./harness/trials.ts";

const LIMIT = { timeout: 600_000 };

const disks = FILE_SYSTEMS.map((kind) => {
  const lacking = LONG ? lacksPowerCuts(kind) : "only in the long run";
  return [kind, lacking ?? "nothing", lacking !== null] as const;
});

describe.for(disks)("the power cut on %s (skipped if: %s)", ([kind, , lacking]) => {
  const trials = setUpTrials();

  test.skipIf(lacking).for(["stage", "switch", "deploy and switch", "rollback from the store"])(
    "%s: after the restart the site is the old or the new one, whole, and the next command succeeds",
    LIMIT,
    async (name) => {
      trials.expectSound([await cutMany(await trials.prepare(name), kind, "at any moment")]);
    },
  );

  test.skipIf(lacking).for<[string, string, RegExp]>([
    ["stage", "deploy-unsynced", /has another content/],
    ["switch", "journal-afterwards", /it said "done" and the restart lost it/],
  ])("negative control: %s done as in wrong/%s.mjs is caught", LIMIT, async ([name, wrong, fault]) => {
    assertCaught(await cutMany(await trials.prepare(name, { wrong }), kind, "after the answer"), fault);
  });
});
