import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { verify } from "../../src/environment/verify.ts";
import { GreenroomError } from "../../src/errors.ts";
import { assertCaught, campaign, type Outcome } from "./harness/campaign.ts";
import { chooseDamage, createDice, type Damage, inflict } from "./harness/damage.ts";
import { LONG, SEED } from "./harness/machine.ts";
import { look } from "./harness/oracle.ts";
import { copyRoot, type Scenario } from "./harness/scenarios.ts";
import { setUpTrials, type Trial } from "./harness/trials.ts";

const CASES = LONG ? 600 : 60;

interface Found {
  paths: string[];
  /** All that was found is mended. */
  repaired: boolean;
}

describe("what is damaged in a release or in the store", () => {
  const trials = setUpTrials();
  let trial: Trial;
  let scenario: Scenario;

  beforeAll(async () => {
    trial = await trials.prepare("switch");
    scenario = trial.scenario;
  });

  test("is found by verify, and repaired where the store has a good copy", { timeout: 600_000 }, async () => {
    const tally = await damageMany((root) => verifyRoot(scenario, root));
    trials.expectSound([tally]);
    expect(tally.runs).toBe(CASES);
  });

  test("nothing is found where nothing is damaged", async () => {
    expect(await verifyRoot(scenario, scenario.where.root)).toEqual({ paths: [], repaired: true });
  });

  test("negative control: looking at names and sizes alone is not enough", { timeout: 600_000 }, async () => {
    const sizes = sizesBelow(scenario.where.root);
    const tally = await damageMany(async (root) => {
      const now = sizesBelow(root);
      const paths = [...new Set([...sizes.keys(), ...now.keys()])].filter(
        (path) => sizes.get(path) !== now.get(path),
      );
      return { paths, repaired: false };
    });
    assertCaught(tally, /"bit flipped".*not found/);
  });

  function damageMany(find: (root: string) => Promise<Found>) {
    const seeds = Array.from({ length: CASES }, (_, i) => SEED * 10_000 + i);
    const attempt = async (seed: number, place: string): Promise<Outcome> => {
      await copyRoot(scenario.where.root, place);
      const dice = createDice(seed);
      const damage = chooseDamage(place, dice);
      inflict(place, damage, dice);
      return {
        faults: (await judge(damage, place, find)).map((fault) => `${JSON.stringify(damage)}: ${fault}`),
      };
    };
    return campaign("damage", seeds, trial.dir, attempt, String);
  }

  async function judge(
    damage: Damage,
    root: string,
    find: (root: string) => Promise<Found>,
  ): Promise<string[]> {
    const found = await find(root);
    if (found.paths.length === 0) return ["not found"];
    if (!found.repaired) return isRepairable(damage) ? [`not repaired: ${found.paths.join(", ")}`] : [];
    const again = await verifyRoot(scenario, root);
    return [...look(root).faults, ...again.paths.map((path) => `still differs: ${path}`)];
  }
});

/** A tree's own damage is, where the store isn't hit; of the store's only modes are. */
function isRepairable({ path, fault, alone }: Damage): boolean {
  if (fault === "added") return false;
  if (path.startsWith("store/")) return fault === "mode";
  return alone || fault === "deleted" || fault === "mode";
}

async function verifyRoot({ where }: Scenario, root: string): Promise<Found> {
  const scene = createApp({ root, project: where.project, emit: () => {}, version: "test" }).scene(
    "production",
  );
  try {
    const { problems } = await verify(scene, { dryRun: false });
    return { paths: problems.map(({ path }) => path), repaired: true };
  } catch (error) {
    if (error instanceof GreenroomError && error.code === "VERIFY_FAILED")
      return { paths: error.detail, repaired: false };
    throw error;
  }
}

function sizesBelow(dir: string, folder = ""): Map<string, number> {
  const entries = readdirSync(join(dir, folder), { withFileTypes: true }).flatMap(
    (entry): [string, number][] => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return [[path, 0], ...sizesBelow(dir, path)];
      return [[path, lstatSync(join(dir, path)).size]];
    },
  );
  return new Map(entries);
}
