import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { at, type Site } from "../../../src/environment/site.ts";
import type { Event } from "../../../src/events.ts";
import { findSupervisord, readDaemon } from "../../../src/serving/supervisord/daemon.ts";
import { type Supervisord, supervisordAt, supervisordOf } from "../../../src/serving/supervisord/places.ts";
import { listInfos } from "../../../src/serving/supervisord/processes.ts";
import { call } from "../../../src/serving/supervisord/rpc.ts";
import { isAlive, temporaryFolder, until } from "../../processes/program.ts";
import { hasSupervisord } from "../contract/supervisors.ts";
import {
  get,
  goLive,
  makeSite,
  pointSide,
  putRelease,
  readState,
  supervise,
  untilHealthy,
  untilState,
} from "./world.ts";

const WORKER = "while :; do sleep 0.05; done";

describe.skipIf(!hasSupervisord)("supervisord (else skipped: needs supervisord)", () => {
  test("starts again what crashes while no greenroom up is there", async () => {
    const { site, leave } = await shop();
    await leave();
    const socketPath = at.socket(site, "blue");
    const { pid } = JSON.parse(await get({ socketPath }));
    process.kill(pid, "SIGKILL");
    const answer = () => get({ socketPath }).catch(() => null);
    const after = JSON.parse(await until("it answers again", answer));
    expect(after.pid).not.toBe(pid);
    expect(after.env.GREENROOM_RELEASE).toBe("1");
  });

  test("what runs already isn't said to start", async () => {
    const said = (events: Event[]) => events.flatMap((one) => (one.event === "line" ? [one.text] : []));
    const { site, leave, events } = await shop();
    expect(said(events)).toContain("web of 1 starts");
    await leave();
    const next = await supervise(site.root, "supervisord");
    await until("it was looked at", () => said(next.events).includes("web of 1 is healthy"));
    expect(said(next.events)).toContain("web of 1 runs already");
    expect(said(next.events)).not.toContain("web of 1 starts");
  });

  test("ends what that left of its group before it starts it again", async () => {
    const { site, leave } = await shop("node server.js & wait");
    const { pid: leader } = readState(site, "blue")!.processes.find(({ name }) => name === "web")!;
    const { pid } = JSON.parse(await get({ socketPath: at.socket(site, "blue") }));
    expect(pid).not.toBe(leader);
    await leave();
    process.kill(leader, "SIGKILL");
    expect(isAlive(pid)).toBe(true);
    await until("what it left has ended", () => !isAlive(pid));
    const answer = () => get({ socketPath: at.socket(site, "blue") }).catch(() => null);
    expect(JSON.parse(await until("it answers again", answer)).pid).not.toBe(pid);
  });

  test.skipIf(process.getuid?.() !== 0)(
    "does so for another account, whose new socket is found, and a link that it makes isn't (else skipped: needs root)",
    async () => {
      const evil = "if [ -e ../../evil ]; then rm -f $SOCKET; ln -s /run/evil.sock $SOCKET; sleep 600; fi; ";
      const { site, leave } = await shop(`${evil}exec node server.js`, { user: "nobody" });
      await leave();
      const socketPath = at.socket(site, "blue");
      const { pid } = JSON.parse(await get({ socketPath }));
      process.kill(pid, "SIGKILL");
      const answer = () => get({ socketPath }).catch(() => null);
      const after = JSON.parse(await until("it answers again", answer));
      expect(after.pid).not.toBe(pid);
      expect(readFileSync(`/proc/${after.pid}/status`, "utf8")).not.toMatch(/^Uid:\t0/m);

      const before = lstatSync(socketPath).ino;
      writeFileSync(join(site.dir, "evil"), "");
      process.kill(after.pid, "SIGKILL");
      const link = join(at.run(site), "blue/sock");
      await until("the link is there", () => lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink());
      await pause(500);
      expect(lstatSync(socketPath).ino).toBe(before);
      expect(existsSync(`${socketPath}.new`) && lstatSync(`${socketPath}.new`).isSocket()).toBe(false);
    },
  );

  test.skipIf(process.getuid?.() !== 0)(
    "no variable has a say in what is loaded by what drops our rights (else skipped: needs root)",
    async () => {
      const dir = temporaryFolder();
      chmodSync(dir, 0o1777);
      const trace = { LD_DEBUG: "files", LD_DEBUG_OUTPUT: join(dir, "loaded") };
      const { site } = await shop("exec node server.js", { user: "nobody" }, trace);
      const { pid, env } = JSON.parse(await get({ socketPath: at.socket(site, "blue") }));
      expect(env).toMatchObject({ ...trace, PASSWORD: "hunter2" });
      const traces = readdirSync(dir);
      expect(traces).toContain(`loaded.${pid}`);
      expect(traces.filter((file) => statSync(join(dir, file)).uid === 0)).toEqual([]);
    },
  );

  test("that is killed leaves orphans to nobody: they end before others are started in their place", async () => {
    const { site, own, events } = await shop();
    const before = readState(site, "blue")!.processes.map(({ pid }) => pid);
    const daemon = await readDaemon(own);
    process.kill(daemon!, "SIGKILL");
    // Here and now: nobody in this process has had a chance to notice.
    expect(before.filter(isAlive)).toEqual(before);
    const after = await untilState(
      site,
      "blue",
      ({ status, processes }) =>
        status === "healthy" && processes.length === 2 && !processes.some(({ pid }) => before.includes(pid)),
    );
    expect(before.filter(isAlive)).toEqual([]);
    expect(after.processes.every(({ pid }) => isAlive(pid))).toBe(true);
    expect(await readDaemon(own)).not.toBe(daemon);
    expect(events).toContainEqual({ event: "warning", text: "supervisord has ended and is started again" });
    expect(JSON.parse(await get({ socketPath: at.socket(site, "blue") })).env.GREENROOM_RELEASE).toBe("1");
  });

  test("what an app has started outside of its group outlives greenroom up with it", async () => {
    const { site, leave, again } = await shop("setsid sleep 600 & echo $! > $TRACE; exec node server.js");
    const pid = Number(readFileSync(join(site.root, "trace"), "utf8"));
    onTestFinished(() => void (isAlive(pid) && process.kill(pid)));
    await leave();
    await again();
    await untilHealthy(site, "blue", "1");
    expect(isAlive(pid)).toBe(true);
  });

  test("no account but ours reads a variable's value", async () => {
    const { site, own } = await shop();
    const files = readdirSync(own.programs).filter((file) => !file.endsWith(".pid"));
    expect(files.length).toBe(4);
    for (const file of files) expect(statSync(join(own.programs, file)).mode & 0o077).toBe(0);
    for (const folder of [supervisordAt.dir(site.root), own.programs])
      expect(statSync(folder).mode & 0o077).toBe(0);
    const holders = files.filter((file) =>
      readFileSync(join(own.programs, file), "utf8").includes("hunter2"),
    );
    expect(holders.every((file: string) => file.endsWith(".sh"))).toBe(true);
    expect(holders.length).toBe(2);
    const { pid } = JSON.parse(await get({ socketPath: at.socket(site, "blue") }));
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).not.toContain("hunter2");
    expect(statSync(own.socket).mode & 0o077).toBe(0);
  });

  test("that refuses a configuration is quoted, and what runs goes on", async () => {
    const { site, own, client } = await shop();
    const { pid } = JSON.parse(await get({ socketPath: at.socket(site, "blue") }));
    const alien = join(own.programs, "alien.conf");
    writeFileSync(alien, "[program:alien]\nautostart=perhaps\ncommand=/bin/true\n");
    const spec = putRelease(site, "2");
    pointSide(site, "green", "2");
    await expect(client.start(site, "green", "2", spec.serve)).rejects.toThrow(
      /supervisord refuses its configuration: .*perhaps/s,
    );
    expect(JSON.parse(await get({ socketPath: at.socket(site, "blue") })).pid).toBe(pid);
    rmSync(alien);
    await client.start(site, "green", "2", spec.serve);
  });

  test("of the machine is told by files of its own, next to others', and never started or ended", async () => {
    const machine = await startMachine();
    const site = makeSite();
    const place: Supervisord = { ...machine.place, root: site.root };
    const up = await supervise(site.root, place);
    const spec = putRelease(site, "1", { start: { web: "exec node server.js", worker: WORKER } });
    pointSide(site, "blue", "1");
    await up.client.start(site, "blue", "1", spec.serve);
    // Only now, so that the worker isn't one of a staging that was still under way.
    goLive(site, "blue");
    await untilState(site, "blue", ({ processes }) => processes.length === 2);
    expect(readdirSync(place.programs).length).toBe(3);
    const pids = readState(site, "blue")!.processes.map(({ pid }) => pid);
    await up.supervisor.close();
    expect(pids.filter(isAlive)).toEqual(pids);
    if ("release" in up.lock) up.lock.release();

    rmSync(site.dir, { recursive: true });
    const next = await supervise(site.root, place);
    await until("they have ended", () => !pids.some(isAlive));
    expect(readdirSync(place.programs)).toEqual(["other.conf"]);
    await next.supervisor.close();
    expect(await call(place, "supervisor.getPID")).toBe(machine.pid());
  });

  test("of the machine that was killed and comes back leaves no two workers on a queue, by itself", async () => {
    const { site, place, orphans } = await orphanedByMachine(() => {});
    await until("the orphans have ended", () => !orphans.some(isAlive));
    const running = (await listInfos(place, "greenroom-")).filter(({ pid }) => isAlive(pid));
    expect(running.length).toBe(2);
    const answer = () => get({ socketPath: at.socket(site, "blue") }).catch(() => null);
    expect(orphans).not.toContain(JSON.parse(await until("web answers", answer)).pid);
  });

  test("would leave them, did the scripts not look for them", async () => {
    const { place, orphans } = await orphanedByMachine((script) =>
      writeFileSync(script, readFileSync(script, "utf8").replace(/^before=$.*?^fi$/ms, ":")),
    );
    const all = async () =>
      (await listInfos(place, "greenroom-")).every(({ statename }) => statename === "RUNNING");
    await until("all run again", all);
    expect(orphans.filter(isAlive)).toEqual(orphans);
    orphans.forEach((pid) => void process.kill(-pid, "SIGKILL"));
  });

  test("of the machine that isn't there is a clear refusal", async () => {
    const root = temporaryFolder();
    const place = { root, own: false, socket: join(root, "no.sock"), programs: root };
    await expect(supervise(root, place)).rejects.toMatchObject({
      code: "SUPERVISOR_REFUSED",
      message: expect.stringContaining("nothing listens there"),
      hint: expect.stringContaining("systemctl start supervisor"),
    });
  });
});

/** A live side whose web and worker are run by supervisord. */
async function shop(web = "exec node server.js", serve = {}, more = {}) {
  const site = makeSite();
  chmodSync(site.root, 0o755);
  const env = { TRACE: join(site.root, "trace"), PASSWORD: "hunter2", ...more };
  const spec = putRelease(site, "1", { start: { web, worker: WORKER }, ...serve }, env);
  pointSide(site, "blue", "1");
  const up = await supervise(site.root, "supervisord");
  await up.client.start(site, "blue", "1", spec.serve);
  // Only now, so that the worker isn't one of a staging that was still under way.
  goLive(site, "blue");
  await untilState(site, "blue", ({ processes }) => processes.length === 2);
  const leave = async () => {
    await up.supervisor.close();
    if ("release" in up.lock) up.lock.release();
  };
  return { ...up, site, own: ownOf(site), leave, again: () => supervise(site.root, "supervisord") };
}

function ownOf(site: Site): Supervisord {
  return supervisordOf(site.root, true);
}

/** A side whose supervisord was killed and started again while no greenroom up was there. */
async function orphanedByMachine(change: (script: string) => void) {
  const machine = await startMachine();
  const site = makeSite();
  const place: Supervisord = { ...machine.place, root: site.root };
  const up = await supervise(site.root, place);
  const spec = putRelease(site, "1", { start: { web: "exec node server.js", worker: WORKER } });
  pointSide(site, "blue", "1");
  await up.client.start(site, "blue", "1", spec.serve);
  // Only now, so that the worker isn't one of a staging that was still under way.
  goLive(site, "blue");
  const { processes } = await untilState(site, "blue", (state) => state.processes.length === 2);
  const orphans = processes.map(({ pid }) => pid);
  await up.supervisor.close();
  await machine.kill();
  expect(orphans.filter(isAlive)).toEqual(orphans);
  const scripts = supervisordAt.scripts(site.root);
  for (const file of readdirSync(scripts)) if (file.endsWith(".sh")) change(join(scripts, file));
  await machine.start();
  return { site, place, orphans };
}

/** As a machine has it: started by nobody of ours, with programs of others. */
async function startMachine() {
  const dir = temporaryFolder();
  const programs = join(dir, "conf.d");
  mkdirSync(programs);
  writeFileSync(join(programs, "other.conf"), "[program:other]\ncommand=/bin/sleep 600\n");
  const config = join(dir, "supervisord.conf");
  writeFileSync(
    config,
    `[unix_http_server]
file=${dir}/s.sock
[supervisord]
logfile=${dir}/log
pidfile=${dir}/pid
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[include]
files=conf.d/*.conf
`,
  );
  const place = { own: false, socket: join(dir, "s.sock"), programs };
  let child: ChildProcess;
  const start = async () => {
    child = spawn(findSupervisord(), ["-n", "-s", "-c", config], { stdio: "ignore" });
    await until("it answers", async () => (await readDaemon({ ...place, root: dir })) === child.pid);
  };
  const end = async (signal: NodeJS.Signals) => {
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };
  onTestFinished(() => end("SIGTERM"));
  await start();
  return { place, pid: () => child.pid, start, kill: () => end("SIGKILL") };
}
