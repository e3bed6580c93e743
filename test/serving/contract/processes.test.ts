import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { at } from "../../../src/environment/site.ts";
import { isAlive, until } from "../../processes/program.ts";
import {
  get,
  goLive,
  makeSite,
  pointSide,
  putRelease,
  readState,
  supervise,
  untilHealthy,
} from "../supervisor/world.ts";
import { describeSupervisors, type SupervisorName } from "./supervisors.ts";

const SERVER = "exec node server.js";

describeSupervisors("the end of a process", (kind) => {
  test("that hears SIGTERM is its own matter, for as long as its drain", async () => {
    const { trace, restage } = await running(
      kind,
      'trap "sleep 0.5; echo ended >> $TRACE; exit" TERM; node server.js & wait',
    );
    await restage();
    expect(trace()).toBe("ended\n");
  });

  test("that is deaf comes after its drain, to all of its group", async () => {
    const deaf = "trap '' TERM; sh -c 'while :; do sleep 0.1; done' & node server.js & wait; wait; sleep 60";
    const { pids, restage, trace } = await running(kind, deaf, { drain: 1_000 });
    const begun = performance.now();
    await restage();
    expect(performance.now() - begun).toBeGreaterThan(1_000);
    expect(performance.now() - begun).toBeLessThan(8_000);
    expect(pids.length).toBeGreaterThan(2);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(trace()).toBe("");
  });

  test("takes along what it left of its group when it crashed", async () => {
    const { site, pids } = await running(kind, "sleep 600 & exec node server.js");
    await get({ socketPath: at.socket(site, "blue") }, "/crash").catch(() => {});
    await until("all are gone", () => !pids.some(isAlive));
    await untilHealthy(site, "blue", "1");
  });
});

describeSupervisors("what a process gets", (kind) => {
  test("is what was written, whatever is in it", async () => {
    const values = {
      A: "100%",
      B: `it's "quoted"`,
      C: "two\nlines ; # no comment",
      D: "%(here)s $HOME `id` \\",
      E: "",
    };
    const { site } = await running(kind, SERVER, {}, values);
    const { env } = JSON.parse(await get({ socketPath: at.socket(site, "blue") }));
    expect(env).toMatchObject(values);
    expect(Object.keys(env).filter((name) => name.startsWith("SUPERVISOR"))).toEqual([]);
  });
});

describeSupervisors("a log", (kind) => {
  test("holds what was written on both streams, and is moved aside when it is full", async () => {
    const much =
      "yes 'a line of twenty bits' | head -c 10400000; echo out; echo err >&2; exec node server.js";
    const { site } = await running(kind, much);
    const log = at.log(site, "web.blue.log");
    const end = () => readFileSync(log, "utf8").slice(-200_000);
    await until("its end is there", () => /out$/m.test(end()) && /err$/m.test(end()));
    expect(existsSync(`${log}.1`)).toBe(true);
    expect(statSync(log).size).toBeLessThan(5_000_000);
    expect(statSync(log).mode & 0o007).toBe(0);
  });
});

/** A site whose blue side runs a line, with all the pids of its group. */
async function running(kind: SupervisorName, web: string, serve = {}, env = {}) {
  const site = makeSite();
  const { client, ...rest } = await supervise(site.root, kind);
  const file = join(site.root, "trace");
  const spec = putRelease(site, "1", { start: { web }, ...serve }, { TRACE: file, ...env });
  putRelease(site, "2", { start: { web: SERVER } });
  pointSide(site, "blue", "1");
  goLive(site, "blue");
  await client.start(site, "blue", "1", spec.serve);
  const { pid } = readState(site, "blue")!.processes[0]!;
  const restage = async () => {
    pointSide(site, "blue", "2");
    await client.start(site, "blue", "2", spec.serve);
  };
  const trace = () => (existsSync(file) ? readFileSync(file, "utf8") : "");
  return { ...rest, site, client, pids: [pid, ...childrenOf(pid)], restage, trace };
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}
