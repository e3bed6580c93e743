import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Run, runToEnd } from "../../src/processes/run.ts";
import { compile, isAlive, runProgram, temporaryFolder, until } from "./program.ts";

describe("running a line to its end", () => {
  test("answers with its code, its last 20 lines and a log", async () => {
    const log = join(temporaryFolder(), "task.log");
    const seen: string[] = [];
    const line = "i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo line $i; done; printf 'no end' >&2; exit 3";
    const end = await run(line, { log, onLine: (text) => seen.push(text) });
    expect(end).toMatchObject({ code: 3, signal: null, timedOut: false });
    expect(end.lastLines).toHaveLength(20);
    expect(seen).toHaveLength(31);
    expect(readFileSync(log, "utf8").split("\n")).toContain("no end");
    expect(statSync(log).mode & 0o777).toBe(0o640);
  });

  test("splices nothing into the line: values travel in variables", async () => {
    const end = await run('echo "$VALUE"', { env: { VALUE: '$(id) `id` "; id' } });
    expect(end.lastLines).toEqual(['$(id) `id` "; id']);
  });

  test("passes nothing of our environment on, unless it is the user's own command", async () => {
    process.env.GREENROOM_TEST_SECRET = "hush";
    const line = "echo [$GREENROOM_TEST_SECRET]";
    expect((await run(line)).lastLines).toEqual(["[]"]);
    expect((await run(line, { privileges: "keep" })).lastLines).toEqual(["[hush]"]);
    delete process.env.GREENROOM_TEST_SECRET;
  });

  test("ends the whole group when the time is up", async () => {
    const end = await run("sleep 600 & echo $!; trap '' TERM; sleep 600 & wait; sleep 600", { timeout: 300 });
    expect(end.timedOut).toBe(true);
    expect(isAlive(Number(end.lastLines[0]))).toBe(false);
  });

  test("doesn't wait for what the line left behind with its pipes open, and ends it", async () => {
    const end = await run("sleep 600 & echo $!");
    expect(end).toMatchObject({ code: 0, timedOut: false });
    expect(end.ms).toBeLessThan(3_000);
    expect(isAlive(Number(end.lastLines[0]))).toBe(false);
  });

  test("passes Ctrl-C on to the line and dies of it itself", async () => {
    const program = await compile(`
      import { runToEnd } from "src/processes/run.ts";
      await runToEnd("trap 'exit 0' INT; echo ready $$; while :; do sleep 0.05; done", {
        cwd: "/", env: {}, user: null, timeout: 60000, log: null, onLine: console.log,
      });
    `);
    const started = runProgram(program);
    const ready = await until("the line runs", () => /ready (\d+)/.exec(started.output()));
    started.child.kill("SIGINT");
    expect(await started.exited).toMatchObject({ signal: "SIGINT" });
    await until("the line is gone", () => !isAlive(Number(ready[1])));
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "leaves nothing in the background at %s, not even what ignores that",
    async (signal) => {
      const program = await compile(`
        import { runToEnd } from "src/processes/run.ts";
        await runToEnd("(trap '' TERM; exec sh -c 'echo stubborn $$; exec sleep 34') & sleep 34 & echo left $!; sleep 34", {
          cwd: "/", env: {}, user: null, timeout: 60000, log: null, onLine: console.log,
        });
        console.log("went on");
      `);
      const started = runProgram(program);
      const pids = await until("all of it runs", () => {
        const told = ["stubborn", "left"].map((word) =>
          Number(new RegExp(`${word} (\\d+)`).exec(started.output())?.[1]),
        );
        return told.every(Boolean) ? told : null;
      });
      started.child.kill(signal);
      expect(await started.exited).toMatchObject({ signal });
      expect(pids.filter(isAlive)).toEqual([]);
      expect(started.output()).not.toContain("went on");
    },
  );

  test("refuses variables that are larger than the kernel allows, and names them", async () => {
    await expect(run("true", { env: { SMALL: "x", LARGE: "x".repeat(3_000_000) } })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("LARGE alone has 3000000 bytes"),
    });
  });
});

function run(line: string, more: Partial<Run> = {}) {
  return runToEnd(line, { cwd: "/", env: {}, user: null, timeout: 60_000, log: null, ...more });
}
