import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { endGroup, leaderOf } from "../../src/processes/group.ts";
import { type Launch, launch } from "../../src/processes/launch.ts";
import { runToEnd } from "../../src/processes/run.ts";
import { isAlive, temporaryFolder } from "./program.ts";

const root = process.getuid?.() === 0;

describe.skipIf(!root)("where Greenroom runs as root (else skipped: needs root)", () => {
  test("a process without a user of its own can't write into a read-only file", async () => {
    const file = join(temporaryFolder(), "release", "index.html");
    mkdirSync(join(file, ".."));
    writeFileSync(file, "as staged", { mode: 0o444 });
    chmodSync(join(file, ".."), 0o555);
    const end = await run(
      `exec 2>&1; echo broken > ${file}; touch ${file}.new; id -u; grep CapEff /proc/self/status`,
    );
    expect(readFileSync(file, "utf8")).toBe("as staged");
    expect(end.lastLines.join("\n")).toMatch(/denied.*denied.*\n0\nCapEff:\s0+$/s);
  });

  test("a process of another account runs as that account, with its group and home, and can't get back", async () => {
    const end = await run("id -un; id -gn; echo $HOME; grep NoNewPrivs /proc/self/status", {
      user: "nobody",
    });
    expect(end.lastLines).toEqual(["nobody", "nogroup", "/nonexistent", "NoNewPrivs:\t1"]);
  });

  test("no variable has a say in what is loaded while there are rights to be dropped", async () => {
    const dir = temporaryFolder();
    chmodSync(dir, 0o1777);
    const trace = { LD_DEBUG: "files", LD_DEBUG_OUTPUT: join(dir, "loaded"), VALUE: 'it\'s "$(id)"\n' };
    const loaders = () => {
      const files = readdirSync(dir);
      const uids = files.map((file) => statSync(join(dir, file)).uid);
      for (const file of files) rmSync(join(dir, file));
      return [...new Set(uids)];
    };
    const nobody = Number(execFileSync("id", ["-u", "nobody"], { encoding: "utf8" }));
    const end = await run('printf %s "$VALUE"', { user: "nobody", env: trace });
    expect(`${end.lastLines.join("\n")}\n`).toBe(trace.VALUE);
    expect(loaders()).toEqual([nobody]);
    // The control: this is how one that is told of them shows itself.
    execFileSync("true", { env: { ...process.env, ...trace } });
    expect(loaders()).toEqual([0]);
  });

  test("an account that doesn't exist is an error of the configuration", () => {
    expect(() => launch("true", { cwd: "/", env: {}, user: "no-such-user" })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
    expect(() => launch("true", { cwd: "/", env: {}, user: "--help" })).toThrow(/no account/);
  });

  test("the user's own command keeps what the user may", async () => {
    const end = await run("grep CapEff /proc/self/status", { privileges: "keep" });
    expect(end.lastLines[0]).toBe(/CapEff:.*/.exec(readFileSync("/proc/self/status", "utf8"))?.[0]);
  });
});

describe("ending a group", () => {
  test("waits for all of it, also after the leader is gone", async () => {
    const { leader, pids } = await startGroup(
      "(trap 'sleep 0.3; exit' TERM; echo up; while :; do sleep 0.05; done) & echo $!; wait",
    );
    await endGroup(leader, 5_000);
    expect(pids.map(isAlive)).toEqual(pids.map(() => false));
  });

  test("kills what doesn't end within the drain", async () => {
    const { leader, pids } = await startGroup(
      "(trap '' TERM; echo up; while :; do sleep 0.05; done) & echo $!; wait",
    );
    const begun = performance.now();
    await endGroup(leader, 200);
    expect(performance.now() - begun).toBeGreaterThan(190);
    expect(pids.map(isAlive)).toEqual(pids.map(() => false));
  });

  test("leaves a group alone whose leader isn't the one that was recorded", async () => {
    const { leader, pids } = await startGroup("sleep 600 & echo up; echo $!; wait");
    await endGroup({ ...leader, started: "1@somewhen" }, 200);
    expect(pids.map(isAlive)).toEqual(pids.map(() => true));
    await endGroup(leader, 5_000);
  });

  test("that is gone already is no error", async () => {
    const child = launch("true", { cwd: "/", env: {}, user: null });
    const leader = leaderOf(child.pid!);
    await once(child, "exit");
    await endGroup(leader, 5_000);
  });
});

function run(line: string, more: Partial<Launch> = {}) {
  return runToEnd(line, { cwd: "/", env: {}, user: null, timeout: 20_000, log: null, ...more });
}

/** Starts a line that writes "up" and the pid of a child. */
async function startGroup(line: string) {
  const child = launch(line, { cwd: "/", env: {}, user: null });
  let output = "";
  while (!/up/.test(output) || !/\d/.test(output)) output += (await once(child.stdout!, "data"))[0];
  return { leader: leaderOf(child.pid!), pids: [child.pid!, Number(/\d+/.exec(output)?.[0])] };
}
