import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { assertCaught } from "./harness/campaign.ts";
import { fillAtEach, left } from "./harness/filling.ts";
import { LONG } from "./harness/machine.ts";
import { lacksMounts, mountMemory } from "./harness/mounts.ts";
import { runSequence } from "./harness/program.ts";
import { SCENARIOS } from "./harness/scenarios.ts";
import { setUpTrials } from "./harness/trials.ts";

const lacking = lacksMounts();
const LIMIT = { timeout: 300_000 };
const FEW = [0, 1, 2, 3, 4];
const MANY = [...FEW, 5, 6, 8, 10, 12, 15, 20, 25];
const DISKS = LONG
  ? [...left("pages", MANY), ...left("inodes", [...MANY, 50, 100, 150, 199, 200, 201, 250])]
  : [...left("pages", FEW), ...left("inodes", [0])];

describe.skipIf(lacking)(`a file system of its own (skipped if: ${lacking ?? "nothing"})`, () => {
  const trials = setUpTrials();

  test.for(LONG ? SCENARIOS : ["stage"])(
    "%s with next to nothing free: it says DISK_FULL or is done, and succeeds once there is space",
    LIMIT,
    async (name) => {
      const { tally, felt } = await fillAtEach(await trials.prepare(name), DISKS);
      trials.expectSound([tally]);
      expect(felt).toBeGreaterThan(0);
    },
  );

  test("negative control: stage done as in wrong/rebuild-in-place.mjs is caught", LIMIT, async () => {
    const trial = await trials.prepare("stage", { wrong: "rebuild-in-place" });
    assertCaught((await fillAtEach(trial, left("pages", [0, 2]))).tally, /index\.html is missing/);
  });

  test("a store that is a mount of its own is refused before anything is made", async () => {
    const { scenario, programs, dir } = await trials.prepare("stage", { folder: "split" });
    const root = join(dir, "root");
    const mounted = mountMemory(join(root, "store"), "8m", 1000);
    onTestFinished(() => mounted.unmount());
    const { answers, output } = await runSequence(programs, [scenario.argv], { ...scenario.where, root });
    expect(answers[0]?.exit).toBe(20);
    expect(output).toContain('"code":"ROOT_SPLIT"');
    expect(existsSync(join(root, "sites"))).toBe(false);
    const made = readdirSync(join(root, "store"), { recursive: true, withFileTypes: true });
    expect(made.filter((entry) => !entry.isDirectory() && entry.name !== "lock")).toEqual([]);
  });
});
