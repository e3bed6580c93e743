import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  lutimesSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { at, siteOf } from "../../../src/environment/site.ts";
import { isAlive, temporaryFolder, until } from "../../processes/program.ts";
import { describeSupervisors, type SupervisorName } from "../contract/supervisors.ts";
import {
  get,
  goLive,
  makeSite,
  pointSide,
  putRelease,
  readState,
  SERVE,
  supervise,
  untilHealthy,
  untilState,
} from "./world.ts";

describeSupervisors("a side's web", (kind) => {
  test("that can't be asked is unhealthy, and doesn't go on unwatched", async () => {
    const { site, client } = await world(kind);
    const pids = join(site.root, "pids");
    const start = { web: 'echo $$ >> "$PIDS"; exec node server.js' };
    writeFileSync(pids, "");
    const spec = putRelease(site, "1", { start, health: "/\u{1f44d}", startWithin: 500 }, { PIDS: pids });
    pointSide(site, "blue", "1");
    await client.start(site, "blue", "1", spec.serve).catch(() => {});
    const begun = () => readFileSync(pids, "utf8").split("\n").filter(Boolean).map(Number);
    await until("it was started anew", () => begun().length > 1);
    expect(isAlive(begun()[0]!)).toBe(false);
  });

  test("runs in its release once staged, knows where it is, and answers on its socket", async () => {
    const { site, client } = await world(kind);
    const spec = putRelease(site, "1", {}, { COLOUR: "red", GREENROOM_SIDE: "forged" });
    pointSide(site, "blue", "1");
    await client.start(site, "blue", "1", spec.serve);
    await client.assertHealthy(site, "blue", spec.serve);

    const { env, cwd, pid } = JSON.parse(await get({ socketPath: at.socket(site, "blue") }));
    expect(cwd).toBe(realpathSync(at.release(site, "1")));
    expect(env).toMatchObject({
      COLOUR: "red",
      GREENROOM_PROJECT: "shop",
      GREENROOM_ENVIRONMENT: "production",
      GREENROOM_SIDE: "blue",
      GREENROOM_RELEASE: "1",
      GREENROOM_URL: "http://production.localhost",
      GREENROOM_SOCKET: at.socket(site, "blue"),
      GREENROOM_ROOT: site.root,
    });
    expect(statSync(at.socket(site, "blue")).mode & 0o777).toBe(0o660);
    const state = readState(site, "blue");
    expect(state).toMatchObject({
      release: "1",
      status: "healthy",
      processes: [{ name: "web", pid, restarts: 0 }],
    });
  });

  test("starts some seconds after the pointer has moved, where nobody asks for it", async () => {
    const { site } = await world(kind);
    putRelease(site, "1");
    const begun = performance.now();
    pointSide(site, "green", "1");
    expect(await untilHealthy(site, "green", "1")).toMatchObject({ id: "" });
    expect(performance.now() - begun).toBeGreaterThan(2_500);
  });

  test("starts once, however long it takes between the pointer and the word of it", async () => {
    const { site, client, events } = await world(kind);
    const spec = putRelease(site, "1");
    pointSide(site, "blue", "1");
    await pause(1_200);
    expect(readState(site, "blue")).toBe(null);
    await client.start(site, "blue", "1", spec.serve);
    putRelease(site, "2");
    pointSide(site, "blue", "2");
    await pause(1_200);
    expect(readState(site, "blue")).toMatchObject({ release: "1", status: "healthy" });
    await client.start(site, "blue", "2", spec.serve);
    const said = events.flatMap((event) => (event.event === "line" ? [event.text] : []));
    expect(said).toEqual([
      "web of 1 starts",
      "web of 1 is healthy",
      "web of 1 has ended",
      "web of 2 starts",
      "web of 2 is healthy",
    ]);
  });

  test("that lost the word of it goes on after a restart of greenroom up, at once", async () => {
    const site = makeSite();
    putRelease(site, "1");
    pointSide(site, "blue", "1");
    lutimesSync(at.side(site, "blue"), 1, 1);
    const begun = performance.now();
    await supervise(site.root, kind);
    await untilHealthy(site, "blue", "1");
    expect(performance.now() - begun).toBeLessThan(2_500);
  });

  test("that listens on a port gets a free one, which a link tells", async () => {
    const { site, client } = await world(kind);
    const spec = putRelease(site, "1", { listen: "port" });
    pointSide(site, "blue", "1");
    await client.start(site, "blue", "1", spec.serve);
    await client.assertHealthy(site, "blue", spec.serve);
    const port = Number(readlinkSync(at.port(site, "blue")));
    expect(JSON.parse(await get({ port })).env).toMatchObject({ PORT: String(port), GREENROOM_SOCKET: "" });
  });

  test.skipIf(process.getuid?.() !== 0)(
    "of another account gets a folder of its own, and no symlink leads the router elsewhere (else skipped: needs root)",
    async () => {
      const { site, client } = await world(kind);
      const spec = putRelease(site, "1", { user: "nobody", start: { web: "id -un; exec node server.js" } });
      pointSide(site, "blue", "1");
      chmodSync(site.root, 0o755);
      await client.start(site, "blue", "1", spec.serve);
      const { env } = JSON.parse(await get({ socketPath: at.socket(site, "blue") }));
      expect(env.SOCKET).not.toBe(at.socket(site, "blue"));
      expect(statSync(at.run(site)).uid).toBe(0);
      expect(readFileSync(at.log(site, "web.blue.log"), "utf8")).toBe("nobody\n");

      const evil = "rm -f $SOCKET; ln -s /run/secret.sock $SOCKET; sleep 600";
      const bad = putRelease(site, "2", { user: "nobody", start: { web: evil }, startWithin: 700 });
      pointSide(site, "blue", "2");
      await expect(client.start(site, "blue", "2", bad.serve)).rejects.toThrow(/nothing listens/);
      expect(existsSync(at.socket(site, "blue"))).toBe(false);
    },
  );
});

describeSupervisors("a process that fails", (kind) => {
  test("at its start is told at once, with its last lines", async () => {
    const { site, client } = await world(kind);
    const spec = putRelease(site, "1", { start: { web: "echo loading; echo 'no database' >&2; exit 3" } });
    pointSide(site, "blue", "1");
    const failure = await client.start(site, "blue", "1", spec.serve).catch((error) => error);
    expect(failure).toMatchObject({ code: "PROCESS_UNHEALTHY" });
    expect(failure.message).toMatch(/web ended with exit code 3/);
    expect(failure.detail.sort()).toEqual(["loading", "no database"]);
  });

  test("to become healthy in time is ended, and the reason says what it answered", async () => {
    const { site, client } = await world(kind);
    const spec = putRelease(site, "1", { startWithin: 1_500 }, { HEALTH: "503" });
    pointSide(site, "blue", "1");
    await expect(client.start(site, "blue", "1", spec.serve)).rejects.toThrow(
      /not healthy within 1.5 s: GET \/healthz answered 503/,
    );
    await expect(client.assertHealthy(site, "blue", spec.serve)).rejects.toMatchObject({
      code: "PROCESS_UNHEALTHY",
    });
    await untilState(site, "blue", (state) => state.processes.length === 0);
  });

  test("is tried again with growing pauses, and is healthy when it can be", async () => {
    const { site, client, events } = await world(kind);
    const spec = putRelease(
      site,
      "1",
      { start: { web: "test -e $READY || exit 1; exec node server.js" } },
      { READY: join(site.root, "ready") },
    );
    pointSide(site, "blue", "1");
    await expect(client.start(site, "blue", "1", spec.serve)).rejects.toThrow(/exit code 1/);
    const said = () => events.flatMap((event) => (event.event === "line" ? [event.text] : [])).join("\n");
    await until("three tries", () => /0\.5 s.+1 s.+2 s/s.test(said()));
    writeFileSync(join(site.root, "ready"), "");
    const { processes } = await untilHealthy(site, "blue", "1");
    expect(processes[0]?.restarts).toBeGreaterThanOrEqual(3);
  });

  test("after it was healthy is started again and counted", async () => {
    const { site, client } = await world(kind);
    const spec = putRelease(site, "1");
    pointSide(site, "blue", "1");
    await client.start(site, "blue", "1", spec.serve);
    const { pid } = readState(site, "blue")!.processes[0]!;
    await get({ socketPath: at.socket(site, "blue") }, "/crash").catch(() => {});
    const down = await untilState(site, "blue", ({ status }) => status !== "healthy");
    expect(down).toMatchObject({
      status: "starting",
      reason: "web ended with exit code 7",
      lastLines: ["about to crash"],
    });
    const { processes } = await untilHealthy(site, "blue", "1");
    expect(processes).toMatchObject([{ name: "web", restarts: 1 }]);
    expect(processes[0]?.pid).not.toBe(pid);
  });

  test("again and again, also between its deaths, is reported until it is replaced", async () => {
    const { site, client, events } = await world(kind);
    const worker = "echo about to end >&2; sleep 0.2; exit 3";
    const spec = putRelease(site, "1", { start: { web: "exec node server.js", worker } });
    pointSide(site, "blue", "1");
    goLive(site, "blue");
    await client.start(site, "blue", "1", spec.serve);
    const crash = () => get({ socketPath: at.socket(site, "blue") }, "/crash").catch(() => {});
    for (const [restarts] of [...Array(3)].entries()) {
      await untilState(
        site,
        "blue",
        ({ status, processes }) =>
          status === "healthy" && processes.some((one) => one.name === "web" && one.restarts === restarts),
      );
      await crash();
    }
    const both = await untilState(site, "blue", ({ status, failing = [] }) => {
      return status === "healthy" && failing.length === 2;
    });
    expect(both.failing).toEqual(
      expect.arrayContaining([
        { name: "web", times: 3, reason: "web ended with exit code 7", lastLines: ["about to crash"] },
        expect.objectContaining({ name: "worker", lastLines: ["about to end"] }),
      ]),
    );
    const said = events.flatMap((event) => (event.event === "line" ? [event.text] : []));
    expect(said.filter((text) => text === "  about to crash")).toHaveLength(1);
    expect(said).toContain("web has failed 3 times in a row; its last lines:");

    const next = putRelease(site, "2");
    pointSide(site, "blue", "2");
    await client.start(site, "blue", "2", next.serve);
    expect((await untilState(site, "blue", ({ failing }) => failing?.length === 0)).release).toBe("2");
  });

  test("because its account doesn't exist says so", async () => {
    if (process.getuid?.() !== 0) return;
    const { site, client } = await world(kind);
    const spec = putRelease(site, "1", { user: "no-such-user" });
    pointSide(site, "blue", "1");
    await expect(client.start(site, "blue", "1", spec.serve)).rejects.toThrow(/no account "no-such-user"/);
  });
});

describeSupervisors("what should run changes", (kind) => {
  test("a restaging replaces the process, and a request in flight is finished", async () => {
    const { site, client } = await world(kind);
    const spec = putRelease(site, "1");
    putRelease(site, "2");
    pointSide(site, "blue", "1");
    await client.start(site, "blue", "1", spec.serve);
    const { pid } = readState(site, "blue")!.processes[0]!;
    const inFlight = await beginSlow(at.socket(site, "blue"));

    pointSide(site, "blue", "2");
    await client.start(site, "blue", "2", spec.serve);
    expect(await inFlight.finished).toBe("begun finished");
    expect(isAlive(pid)).toBe(false);
    expect(JSON.parse(await get({ socketPath: at.socket(site, "blue") })).env.GREENROOM_RELEASE).toBe("2");
  });

  test("the same release under a new id is a restart with what is staged now", async () => {
    const { site, client } = await world(kind);
    const spec = putRelease(site, "1", {}, { COLOUR: "red" });
    pointSide(site, "blue", "1");
    await client.start(site, "blue", "1", spec.serve);
    putRelease(site, "1", {}, { COLOUR: "blue" });
    await client.start(site, "blue", "1", spec.serve);
    expect(JSON.parse(await get({ socketPath: at.socket(site, "blue") })).env.COLOUR).toBe("blue");
  });

  test("both sides' web run, other processes only on the live side, one after the other at a switch", async () => {
    const { site } = await world(kind);
    const trace = join(site.root, "trace");
    const worker = `trap 'sleep 0.3; echo "$GREENROOM_SIDE ends" >> ${trace}; exit' TERM; echo "$GREENROOM_SIDE begins" >> ${trace}; while :; do sleep 0.05; done`;
    for (const version of ["1", "2"])
      putRelease(site, version, { start: { web: "exec node server.js", worker } });
    const lines = () => (existsSync(trace) ? readFileSync(trace, "utf8").trim().split("\n") : []);
    pointSide(site, "blue", "1");
    pointSide(site, "green", "2");
    goLive(site, "blue");
    await Promise.all([untilHealthy(site, "blue", "1"), untilHealthy(site, "green", "2")]);
    await until("blue's worker runs", () => lines().length === 1);
    expect(
      readState(site, "blue")
        ?.processes.map(({ name }) => name)
        .sort(),
    ).toEqual(["web", "worker"]);
    expect(readState(site, "green")?.processes.map(({ name }) => name)).toEqual(["web"]);

    const webs = [readState(site, "blue"), readState(site, "green")].map((state) => pidOf(state, "web"));
    goLive(site, "green");
    await until("green's worker runs", () => lines().length === 3);
    expect(lines()).toEqual(["blue begins", "blue ends", "green begins"]);
    await untilState(site, "green", ({ processes }) => processes.length === 2);
    expect([readState(site, "blue"), readState(site, "green")].map((state) => pidOf(state, "web"))).toEqual(
      webs,
    );
  });

  test("a removed environment's processes end, and a new one under its name starts", async () => {
    const { site, client } = await world(kind);
    const spec = putRelease(site, "1");
    pointSide(site, "blue", "1");
    await client.start(site, "blue", "1", spec.serve);
    const { pid } = readState(site, "blue")!.processes[0]!;
    rmSync(site.dir, { recursive: true });
    await until("the process is gone", () => !isAlive(pid));
    await until("nothing was made anew", () => !existsSync(site.dir));
    makeSite(site.root);
    putRelease(site, "2");
    pointSide(site, "blue", "2");
    await untilHealthy(site, "blue", "2");
  });

  test("what is half there or broken is left as it is, with one warning, and other environments go on", async () => {
    const { site, client, events } = await world(kind);
    const spec = putRelease(site, "1");
    pointSide(site, "blue", "1");
    await client.start(site, "blue", "1", spec.serve);
    writeFileSync(at.wanted(site, "blue"), '{"id": "x", "rel');
    pointSide(site, "green", "nowhere");
    const second = makeSite(site.root, "staging");
    putRelease(second, "1");
    pointSide(second, "blue", "1");
    await untilHealthy(second, "blue", "1");
    await until("the warning", () => events.some(({ event }) => event === "warning"));
    expect(readState(site, "blue")).toMatchObject({ status: "healthy" });
    expect(readState(site, "green")).toBe(null);
    const warnings = events.map((event) => (event.event === "warning" ? event.text : "")).filter(Boolean);
    expect(new Set(warnings).size).toBe(warnings.length);
  });
});

describe("without greenroom up", () => {
  test("a process site can't be staged, a static one can", async () => {
    const site = makeSite();
    const { client, lock } = await supervise(site.root);
    const spec = putRelease(site, "1");
    void client.assertReady(spec);
    if ("release" in lock) lock.release();
    expect(() => client.assertReady(spec)).toThrow(
      expect.objectContaining({ code: "UP_NOT_RUNNING", hint: "greenroom up" }),
    );
    void client.assertReady({ ...spec, serve: { kind: "static", public: "." } });
    await client.start(site, "blue", "1", { kind: "static", public: "." });
    await expect(client.assertHealthy(site, "blue", SERVE)).rejects.toMatchObject({ code: "UP_NOT_RUNNING" });
  });

  test.skipIf(process.getuid?.() !== 0)(
    "an account that the machine lacks is refused before anything is made (else skipped: needs root)",
    async () => {
      const site = makeSite();
      const { client } = await supervise(site.root);
      const spec = putRelease(site, "1");
      const serve = { ...SERVE, user: "nobody-of-this-name" };
      expect(() => client.assertReady({ ...spec, serve })).toThrow(
        expect.objectContaining({
          code: "CONFIG_INVALID",
          message: 'this machine has no account "nobody-of-this-name"',
        }),
      );
    },
  );

  test("waiting for a start ends when it goes away", async () => {
    const site = makeSite();
    const { client, lock, supervisor } = await supervise(site.root);
    await supervisor.close();
    const spec = putRelease(site, "1");
    const started = client.start(site, "blue", "1", spec.serve);
    if ("release" in lock) lock.release();
    await expect(started).rejects.toMatchObject({ code: "UP_NOT_RUNNING" });
  });

  test("a root too long for sockets is refused by its length", async () => {
    const root = join(temporaryFolder(), "x".repeat(90));
    const { client } = await supervise(makeSite(root).root);
    const site = siteOf(root, "shop", "production");
    const spec = putRelease(site, "1");
    expect(() => client.assertReady(spec)).toThrow(/\d{3} bytes long/);
    void client.assertReady({ ...spec, serve: { ...SERVE, listen: "port" } });
  });
});

async function world(kind: SupervisorName) {
  const site = makeSite();
  return { site, ...(await supervise(site.root, kind)) };
}

function pidOf(state: ReturnType<typeof readState>, name: string) {
  return state?.processes.find((process) => process.name === name)?.pid;
}

async function beginSlow(socketPath: string) {
  const asked = request({ socketPath, path: "/slow", agent: false }).end();
  const [response] = await once(asked, "response");
  let body = "";
  response.on("data", (chunk: Buffer) => (body += chunk));
  return { finished: once(response, "end").then(() => body) };
}
