import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { shrinkage } from "../../src/environment/checks.ts";
import { readLastEntry } from "../../src/environment/journal.ts";
import { at } from "../../src/environment/site.ts";
import type { Check, EnvironmentSpec } from "../../src/environment/spec.ts";
import { readState } from "../../src/environment/state.ts";
import { orderTasks } from "../../src/environment/tasks.ts";
import { operations } from "../../src/servers/operations.ts";
import { file, temporaryFolder } from "../release/world.ts";
import { errorFrom, makeStage } from "./world.ts";

const task = (run: string, ...needs: string[]) => ({ run, on: "rehearsal" as const, timeout: 20_000, needs });

async function rehearsed(more: Partial<EnvironmentSpec>) {
  const stage = makeStage();
  const scene = stage.scene(more);
  stage.make(scene, { "index.html": file("<h1>Shop</h1>") }, "1");
  await operations.stage(scene, { release: "1", dryRun: false });
  return { stage, scene, check: () => operations.check(scene, { dryRun: false }) };
}

describe("checks", () => {
  test("pass and are remembered until the side is staged again", async () => {
    const checks: Check[] = [
      { http: "/index.html", status: 200, contains: "Shop", within: 5000 },
      { http: "/nowhere", status: 404, contains: null, within: 5000 },
      { files: ["index.html"] },
      { shrinks: 50 },
      { task: "warm" },
    ];
    const tasks = { warm: task("grep -q Shop index.html", "first"), first: task("true") };
    const { stage, scene, check } = await rehearsed({ checks, tasks });
    const done = await check();
    expect(done.results.map(({ passed }) => passed)).toEqual([true, true, true, true, true]);
    expect(readState(scene.site).verdict).toMatchObject({ release: "1", passed: true });
    stage.make(scene, { "index.html": file("two") }, "2");
    await operations.stage(scene, { release: "2", dryRun: false });
    expect(readState(scene.site).verdict).toBe(null);
  });

  test.skipIf(process.getuid?.() !== 0)(
    "look for files by the rights of the site's programs (else skipped: needs root)",
    async () => {
      const closed = temporaryFolder();
      writeFileSync(join(closed, "shadow"), "secret");
      const listening = { health: "/", listen: "socket" as const, startWithin: 1000, drain: 1000 };
      const { scene, check } = await rehearsed({
        storage: ["uploads"],
        serve: { kind: "process", start: { web: "true" }, public: null, ...listening, user: "nobody" },
        checks: [{ files: ["index.html", "uploads/x/shadow", "uploads/x/nothing"] }],
      });
      for (let dir = scene.site.dir; dir !== tmpdir(); dir = dirname(dir)) chmodSync(dir, 0o755);
      symlinkSync(closed, at.storage(scene.site, "uploads/x"));
      const missing = async () => (await errorFrom(check())).detail[0];
      expect(await missing()).toMatch(/uploads\/x\/shadow, uploads\/x\/nothing is missing$/);
      chmodSync(closed, 0o755);
      expect(await missing()).toMatch(/: uploads\/x\/nothing is missing$/);
    },
  );

  test("all run, also after one has failed, and each says what it found", async () => {
    const checks: Check[] = [
      { http: "/index.html", status: 404, contains: null, within: 5000 },
      { http: "/index.html", status: 200, contains: "Blog", within: 5000 },
      { files: ["index.html", "a", "b/c"] },
      { task: "bad" },
      { files: ["index.html"] },
    ];
    const { scene, check } = await rehearsed({ checks, tasks: { bad: task("echo so it is; exit 3") } });
    const error = await errorFrom(check());
    expect([error.code, error.message]).toEqual(["CHECK_FAILED", "4 of 5 checks failed"]);
    expect(error.detail.slice(0, 3)).toEqual([
      "GET /index.html answers 404: it answered 200",
      'GET /index.html answers 200 with "Blog": that isn\'t among its 13 characters',
      "holds index.html, a, b/c: a, b/c is missing",
    ]);
    expect(error.detail[3]).toContain("ended with 3");
    expect(error.detail[3]).toContain("so it is");
    expect(readState(scene.site).verdict).toMatchObject({ passed: false });
    expect((await errorFrom(operations.switch(scene, { force: false, dryRun: false }))).code).toBe(
      "CHECKS_NOT_PASSED",
    );
  });

  test("of a release far smaller than the live one fail", () => {
    const size = (version: string, files: number, bytes: number) => ({ version, files, bytes });
    const live = size("1", 100, 1000);
    expect(shrinkage(live, size("2", 100, 1000), 0)).toBe(null);
    expect(shrinkage(live, size("2", 50, 500), 50)).toBe(null);
    expect(shrinkage(live, size("2", 49, 500), 50)).toBe("2 has 49 files, the live 1 has 100");
    expect(shrinkage(live, size("2", 50, 499), 50)).toBe("2 has 499 bytes, the live 1 has 1000");
    expect(shrinkage(live, size("2", 99, 1000), 0)).not.toBe(null);
    expect(shrinkage(live, size("2", 0, 0), 100)).toBe(null);
    expect(shrinkage(size("1", 0, 0), size("2", 0, 0), 0)).toBe(null);
    expect(shrinkage(live, size("2", 500, 5000), 0)).toBe(null);
  });
});

describe("tasks", () => {
  test("run after what they need, each once, in the order in which they are named", () => {
    const tasks = {
      a: task("a", "c", "b"),
      b: task("b", "d"),
      c: task("c", "d"),
      d: task("d"),
      e: task("e"),
    };
    expect(orderTasks(tasks, ["a"])).toEqual(["d", "c", "b", "a"]);
    expect(orderTasks(tasks, ["e", "b", "a", "e"])).toEqual(["e", "d", "b", "c", "a"]);
    expect(orderTasks(tasks, [])).toEqual([]);
  });

  test("know where they are, and have their output in a log", async () => {
    const names = ["PROJECT", "ENVIRONMENT", "SIDE", "RELEASE", "URL", "SOCKET", "ROOT"].map(
      (name) => `GREENROOM_${name}`,
    );
    const tasks = {
      tell: task(`${names.map((name) => `echo ${name}=$${name}`).join("; ")}; echo OWN=$OWN; pwd -P`),
    };
    const { scene } = await rehearsed({ tasks, hooks: { "after:stage": ["tell"] }, env: { OWN: "mine" } });
    const log = readFileSync(at.log(scene.site, "task-tell.log"), "utf8");
    for (const wanted of [
      "GREENROOM_PROJECT=shop",
      "GREENROOM_ENVIRONMENT=production",
      "GREENROOM_SIDE=blue",
      "GREENROOM_RELEASE=1",
      "GREENROOM_URL=http://127.0.0.1:",
      `GREENROOM_SOCKET=${at.socket(scene.site, "blue")}`,
      `GREENROOM_ROOT=${scene.world.root}`,
      "OWN=mine",
      at.release(scene.site, "1"),
    ]) {
      expect(log).toContain(wanted);
    }
  });

  test("that fail before a switch keep it from happening", async () => {
    const { scene } = await rehearsed({ tasks: { no: task("exit 1") }, hooks: { "before:switch": ["no"] } });
    const error = await errorFrom(operations.switch(scene, { force: true, dryRun: false }));
    expect(error.code).toBe("TASK_FAILED");
    expect(readState(scene.site).live).toBe(null);
    expect(readLastEntry(scene.site)?.end).toMatchObject({ outcome: "failed" });
  });

  test("that fail after a switch don't undo it, and the others still run", async () => {
    const tasks = { no: task("exit 1"), yes: task("echo done") };
    const { scene } = await rehearsed({ tasks, hooks: { "after:switch": ["no", "yes"] } });
    const error = await errorFrom(operations.switch(scene, { force: true, dryRun: false }));
    expect(error.code).toBe("AFTER_TASK_FAILED");
    expect(readState(scene.site).live).toBe("blue");
    expect(existsSync(at.log(scene.site, "task-yes.log"))).toBe(true);
    expect(readLastEntry(scene.site)?.end).toMatchObject({ outcome: "done", live: "1" });
  });

  test("end with their time", async () => {
    const slow = { ...task("sleep 600"), timeout: 200 };
    const { scene } = await rehearsed({ tasks: { slow }, hooks: { "before:switch": ["slow"] } });
    const error = await errorFrom(operations.switch(scene, { force: true, dryRun: false }));
    expect(error.message).toBe("task slow of shop/production ran out of its 0.2 s");
  });
});
