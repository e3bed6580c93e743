import { existsSync, mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Bench, openBench } from "./harness/machine.ts";
import { lacksMounts, mountMemory } from "./harness/mounts.ts";
import { findLeftovers, look, samePicture } from "./harness/oracle.ts";
import { buildPrograms, type Programs, runSequence } from "./harness/program.ts";
import { copyRoot, prepare, type Scenario } from "./harness/scenarios.ts";

const lacking = lacksMounts();

describe.skipIf(lacking)(`a file system of its own (skipped if: ${lacking ?? "nothing"})`, () => {
  let bench: Bench;
  let programs: Programs;
  let scenario: Scenario;

  beforeAll(async () => {
    bench = openBench();
    programs = await buildPrograms(bench.dir);
    const dir = join(bench.dir, "world");
    mkdirSync(dir);
    scenario = await prepare("stage", programs, dir);
  });
  afterAll(() => bench.remove());

  test.for([0, 1, 2, 3, 4])(
    "stage on a full disk with %i pages free says DISK_FULL, and succeeds once there is space",
    { timeout: 60_000 },
    async (pages) => {
      const { where, ballast } = await fillUp(`full-${pages}`, pages);
      const { answers, output } = await runSequence(programs, [scenario.argv, ["status"]], where);
      expect(look(where.root).faults).toEqual([]);
      expect(answers.map(({ exit }) => exit)).toEqual([20, 0]);
      expect(output).toContain('"code":"DISK_FULL"');
      expect(samePicture(look(where.root), scenario.before)).toBe(true);
      rmSync(ballast);
      const after = await runSequence(programs, [scenario.argv, ["verify"]], where);
      expect(after.answers.map(({ exit }) => exit)).toEqual([0, 0]);
      expect(look(where.root)).toEqual({ ...scenario.after, faults: [] });
      expect(findLeftovers(where.root)).toEqual([]);
    },
  );

  test("a store that is a mount of its own is refused before anything is made", async () => {
    const root = join(bench.dir, "split");
    const mounted = mountMemory(join(root, "store"), "8m");
    onTestFinished(() => mounted.unmount());
    const { answers, output } = await runSequence(programs, [scenario.argv], { ...scenario.where, root });
    expect(answers[0]?.exit).toBe(20);
    expect(output).toContain('"code":"ROOT_SPLIT"');
    expect(existsSync(join(root, "sites"))).toBe(false);
    const made = readdirSync(join(root, "store"), { recursive: true, withFileTypes: true });
    expect(made.filter((entry) => !entry.isDirectory() && entry.name !== "lock")).toEqual([]);
  });

  async function fillUp(name: string, pages: number) {
    const disk = join(bench.dir, name);
    const mounted = mountMemory(disk, "2m");
    onTestFinished(() => mounted.unmount());
    const where = { ...scenario.where, root: join(disk, "root") };
    await copyRoot(scenario.where.root, where.root);
    const ballast = join(disk, "ballast");
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(ballast, Buffer.alloc((bavail - pages) * bsize));
    return { where, ballast };
  }
});
