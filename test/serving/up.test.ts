import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { readJson } from "../../src/disk/durable.ts";
import { isLocked } from "../../src/disk/lock.ts";
import { at, type Site, type UpState } from "../../src/environment/site.ts";
import { endLeftovers } from "../../src/serving/supervisor/leftovers.ts";
import { readUp } from "../../src/serving/supervisor/up-state.ts";
import { compile, isAlive, type Program, runProgram, until } from "../processes/program.ts";
import { get, goLive, makeSite, pointSide, putRelease, readState, untilHealthy } from "./supervisor/world.ts";

/** `greenroom up` with a router that answers everything by itself, `/slow` after a while. */
const UP = `
  import { createServer } from "node:http";
  import { runUp } from "src/serving/up.ts";
  import { GreenroomError } from "src/errors.ts";
  import { createRunner } from "src/serving/runners.ts";
  const server = createServer((req, res) => {
    res.setHeader("connection", "close");
    res.write("begun ");
    setTimeout(() => res.end("finished"), req.url === "/slow" ? 400 : 0);
  });
  const router = {
    listen: ({ host, port }) => new Promise((resolve, reject) => {
      server.once("error", () => reject(new GreenroomError("PORT_TAKEN", "port " + port + " is in use")));
      server.listen(port, host, () => resolve({ port: server.address().port }));
    }),
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    }),
  };
  const [root, port = "0"] = process.argv.slice(2);
  const emit = (event) => console.log(JSON.stringify(event));
  try {
    await runUp({ root, host: "127.0.0.1", port: Number(port), emit, router, runner: createRunner(root, emit) });
    console.log("ended cleanly");
  } catch (error) {
    console.log(error.code + ": " + error.message);
    process.exitCode = 18;
  }
`;

const WORKER = "sleep 600 & sleep 600 & wait";

describe("greenroom up", () => {
  test("says when it is ready and how to reach it, and what becomes of the sides", async () => {
    const site = stagedSite();
    const up = await startUp(site);
    const { pid, port, host } = readJson<UpState>(at.up(site.root))!;
    expect({ pid, host }).toEqual({ pid: up.child.pid, host: "127.0.0.1" });
    expect(up.output()).toContain(`{"event":"ready","url":"http://localhost:${port}","port":${port}}`);
    expect(readUp(site.root)).toMatchObject({ pid });
    await untilHealthy(site, "blue", "1");
    await until("it says so", () =>
      up.output().includes('"shop/production blue","text":"web of 1 is healthy"'),
    );
    const { env } = JSON.parse(await get({ socketPath: at.socket(site, "blue") }));
    expect(env.GREENROOM_URL).toBe(`http://production.localhost:${port}`);
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "ends cleanly at %s: requests in flight are finished, nothing is left",
    async (signal) => {
      const site = stagedSite();
      const up = await startUp(site);
      const pids = await pidsOf(site);
      const { port } = readJson<UpState>(at.up(site.root))!;
      const answer = fetch(`http://127.0.0.1:${port}/slow`);
      const begun = await answer;
      up.child.kill(signal);
      expect(await begun.text()).toBe("begun finished");
      expect(await up.exited).toEqual({ code: 0, signal: null });
      expect(up.output()).toContain("ended cleanly");
      expect(pids.filter(isAlive)).toEqual([]);
      expect(existsSync(at.up(site.root))).toBe(false);
      expect(isLocked(at.upLock(site.root))).toBe(false);
      expect(existsSync(at.socket(site, "blue"))).toBe(false);
      expect(readState(site, "blue")).toMatchObject({ status: "stopped", processes: [] });
    },
  );

  test("ends at once at a second signal, and still leaves nothing", async () => {
    const site = stagedSite({ web: "trap '' TERM; node server.js" });
    const up = await startUp(site);
    const pids = await pidsOf(site);
    up.child.kill("SIGINT");
    await until("it is stopping", () => up.output().includes("stopping"));
    up.child.kill("SIGINT");
    expect(await up.exited).toMatchObject({ code: 130 });
    await until("all are gone", () => !pids.some(isAlive), 2_000);
    expect(existsSync(at.up(site.root))).toBe(false);
  });

  test("is refused while another one runs, which it names", async () => {
    const site = stagedSite();
    const up = await startUp(site);
    const second = runProgram(await compile(UP), [site.root]);
    expect(await second.exited).toMatchObject({ code: 18 });
    expect(second.output()).toMatch(new RegExp(`^UP_RUNNING: .*process ${up.child.pid}`));
    expect(readUp(site.root)).toMatchObject({ pid: up.child.pid });
  });

  test("that can't have its port says so, starts nothing and frees the lock", async () => {
    const site = stagedSite();
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const up = runProgram(await compile(UP), [site.root, String(port)]);
    expect(await up.exited).toMatchObject({ code: 18 });
    expect(up.output()).toBe(`PORT_TAKEN: port ${port} is in use\n`);
    expect(readState(site, "blue")).toBe(null);
    expect(isLocked(at.upLock(site.root))).toBe(false);
    server.close();
  });

  test("that was killed leaves no orphans to the next one, not even those that nothing recorded", async () => {
    const site = stagedSite();
    const first = await startUp(site);
    const pids = await pidsOf(site);
    const stranger = runProgram(await compile("setInterval(() => {}, 1000)"));
    first.child.kill("SIGKILL");
    await first.exited;
    expect(readUp(site.root)).toBe(null);
    expect(pids.filter(isAlive)).toEqual(pids);
    rmSync(at.processes(site, "blue"));

    const second = await startUp(site);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(isAlive(stranger.child.pid!)).toBe(true);
    await untilHealthy(site, "blue", "1");
    second.child.kill("SIGTERM");
    expect(await second.exited).toMatchObject({ code: 0 });
  });
});

function stagedSite(start: { web?: string } = {}): Site {
  const site = makeSite();
  putRelease(site, "1", { start: { web: "exec node server.js", worker: WORKER, ...start } });
  pointSide(site, "blue", "1");
  pointSide(site, "green", "1");
  goLive(site, "blue");
  return site;
}

/** Whatever it started ends with the test, also when the test fails. */
async function startUp(site: Site): Promise<Program> {
  onTestFinished(async () => void (await endLeftovers(site.root)));
  const up = runProgram(await compile(UP), [site.root]);
  await until(`up is ready: ${up.output()}`, () => up.output().includes('"ready"'));
  return up;
}

/** Everything in the groups of the site's processes. */
async function pidsOf(site: Site): Promise<number[]> {
  await Promise.all([untilHealthy(site, "blue", "1"), untilHealthy(site, "green", "1")]);
  await until("the worker runs", () => readState(site, "blue")?.processes.length === 2);
  const leaders = (["blue", "green"] as const).flatMap((side) =>
    readState(site, side)!.processes.map(({ pid }) => pid),
  );
  return until("the worker's children run", () => {
    const pids = leaders.flatMap((pid) => [pid, ...childrenOf(pid)]);
    return pids.length >= 5 ? pids : null;
  });
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(Number);
}
