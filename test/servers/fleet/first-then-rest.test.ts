import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createFleet } from "../../../src/servers/fleet/fleet.ts";
import { onAll } from "../../../src/servers/fleet/on-all.ts";
import type { Host } from "../../../src/servers/host.ts";
import { receive } from "../../../src/servers/releases/receive.ts";
import { hasSshd } from "../../hosts.ts";
import { until } from "../../processes/program.ts";
import { type FleetWorld, makeFleetWorld, reachAll } from "../fleet-world.ts";

afterEach(() => vi.unstubAllEnvs());

/** A check that begins, and goes on until it is let go. */
const SLOW = `touch "$GREENROOM_ROOT/begun"; until test -e "$GREENROOM_ROOT/go"; do sleep 0.02; done`;

async function makeSlow() {
  const world = await makeFleetWorld();
  const spec = {
    ...world.spec,
    tasks: { slow: { run: SLOW, on: "rehearsal" as const, timeout: 60_000, needs: [] } },
    checks: [{ task: "slow" }],
  };
  const [mine, theirs] = [await reachAll(world), await reachAll(world)];
  const fleet = createFleet(mine, "me@laptop", () => {});
  await receive(fleet, world.store, world.make("1"));
  await fleet.operate(spec, "stage", { release: "1", dryRun: false });
  const has = (i: number) => existsSync(join(world.servers[i]!.root, "begun"));
  const letGo = (...servers: number[]) => {
    for (const i of servers) writeFileSync(join(world.servers[i]!.root, "go"), "");
  };
  const close = () => Promise.all([...mine, ...theirs].map((host) => host.close()));
  return { spec, mine, theirs, has, letGo, close };
}

/** The same hosts, one of which is told late, and what all of them refuse counted. */
function crossed(hosts: Host[], late: number, turn: () => Promise<unknown>, refuse: () => void): Host[] {
  return hosts.map((host, i) => ({
    ...host,
    operate: (async (...given: Parameters<Host["operate"]>) => {
      if (i === late) await turn();
      return host.operate(...given).catch((error: unknown) => {
        refuse();
        throw error;
      });
    }) as Host["operate"],
  }));
}

type Check = (hosts: Host[], spec: FleetWorld["spec"]) => Promise<unknown>;
const careful: Check = (hosts, spec) =>
  createFleet(hosts, "me@laptop", () => {}).operate(spec, "check", { dryRun: false });
/** The control: takes each server that it can get. */
const careless: Check = (hosts, spec) =>
  onAll(hosts, (host) => host.operate(spec, "check", { dryRun: false }));

/** I come first to the first server, they come first to the last; the checks go on until so many were refused. */
async function cross(check: Check, refusals: number) {
  const { spec, mine, theirs, has, letGo, close } = await makeSlow();
  let [refused, ended] = [0, false];
  const refuse = () => void refused++;
  const outcomeOf = (checked: Promise<unknown>) =>
    checked.then(
      () => "done",
      (error: { code?: string }) => error.code,
    );
  const lastIsTaken = () => until("they have the last, or nothing", () => has(2) || ended);
  const firstIsTaken = () => until("I have the first", () => has(0));
  const my = outcomeOf(check(crossed(mine, 2, lastIsTaken, refuse), spec));
  const their = outcomeOf(check(crossed(theirs, 0, firstIsTaken, refuse), spec));
  void their.then(() => {
    ended = true;
  });
  await until("they have met", () => refused >= refusals);
  letGo(0, 1, 2);
  const outcomes = [await my, await their];
  await close();
  return outcomes;
}

describe.skipIf(!hasSshd)("two who come at once (else skipped: needs sshd)", { timeout: 120_000 }, () => {
  test("to several servers: one of them wins", async () => {
    expect(await cross(careful, 1)).toEqual(["done", "LOCKED"]);
  });

  test("negative control: if each takes what it can get, none of them does", async () => {
    expect(await cross(careless, 3)).toEqual(["LOCKED", "LOCKED"]);
  });

  test("one after the other: who was let in by the first server waits for the others", async () => {
    const { spec, mine, theirs, has, letGo, close } = await makeSlow();
    letGo(0);
    const first = careful(mine, spec);
    await until("I am at the others", () => has(1) && has(2));
    const told: string[] = [];
    const emit = (event: object) => void told.push(JSON.stringify(event));
    const second = createFleet(theirs, "them@laptop", emit).operate(spec, "check", { dryRun: false });
    await until("they wait", () => told.some((text) => text.includes("wait for web")));
    letGo(1, 2);
    await Promise.all([first, second]);
    await close();
  });
});
