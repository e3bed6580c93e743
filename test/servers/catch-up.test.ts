import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Event } from "../../src/events.ts";
import { createFleet } from "../../src/servers/fleet/fleet.ts";
import { recoverFleet } from "../../src/servers/fleet/recover.ts";
import type { Host } from "../../src/servers/host.ts";
import { hasSshd } from "../hosts.ts";
import { makeFleetWorld, reachAll, rehearse } from "./fleet-world.ts";

afterEach(() => vi.unstubAllEnvs());

const SWITCH = { force: false, dryRun: false };

/** Release 1 is live on all three, 2 on the first and the third: the second was away just then. */
async function makeDivided() {
  const world = await makeFleetWorld();
  const events: Event[] = [];
  const fleetOf = (hosts: Host[]) => createFleet(hosts, "me@laptop", (event) => void events.push(event));
  const act = async (what: (fleet: Host, hosts: Host[]) => Promise<unknown>) => {
    const hosts = await reachAll(world);
    try {
      return await what(fleetOf(hosts), hosts);
    } finally {
      await Promise.all(hosts.map((host) => host.close()));
    }
  };
  await act((fleet) => rehearse(world, fleet, "1"));
  await act((fleet) => fleet.operate(world.spec, "switch", SWITCH));
  await act((fleet) => rehearse(world, fleet, "2"));
  const divide = act(async (_, [first, second, third]) => {
    const away: Host = {
      ...second!,
      operate: (...given) => {
        world.proxy.down();
        return second!.operate(...given);
      },
    };
    await fleetOf([first!, away, third!]).operate(world.spec, "switch", SWITCH);
  });
  // Catching up comes first, over a line that is still there.
  await expect(divide).rejects.toMatchObject({
    code: "SERVERS_DIFFER",
    hint: "greenroom recover production",
    message: expect.stringContaining("web2"),
  });
  expect(world.live()).toEqual(["2", "1", "2"]);
  return { ...world, act, events };
}

describe.skipIf(!hasSshd)(
  "a server that was away when the others moved (else skipped: needs sshd)",
  { timeout: 120_000 },
  () => {
    test("keeps the others from moving on without it", async () => {
      const world = await makeDivided();
      await expect(world.act((fleet) => fleet.operate(world.spec, "switch", SWITCH))).rejects.toMatchObject({
        code: "SERVER_UNREACHABLE",
        message: expect.stringContaining("web2"),
      });
      expect(world.live()).toEqual(["2", "1", "2"]);
    });

    test("says what it has promised, and follows before somebody builds upon what is live", async () => {
      const world = await makeDivided();
      world.proxy.up();
      const promises = () =>
        world.act((_, hosts) =>
          Promise.all(hosts.map(async (host) => (await host.look(world.spec)).promised?.operation ?? null)),
        );
      expect(await promises()).toEqual([null, "switch", null]);
      expect(await world.act((fleet) => fleet.basis(world.spec))).toMatchObject({ live: "2" });
      expect(world.live()).toEqual(["2", "2", "2"]);
      expect(await promises()).toEqual([null, null, null]);
    });

    test("follows with the next command, which is done once where it is the same again", async () => {
      const world = await makeDivided();
      world.proxy.up();
      expect(await world.act((fleet) => fleet.operate(world.spec, "switch", SWITCH))).toMatchObject({
        live: { release: "2" },
      });
      expect(world.live()).toEqual(["2", "2", "2"]);
      expect(JSON.stringify(world.events)).toContain("had been cut short; it is on web1, web2, web3 now");
    });

    test("follows with the next command, whatever that is", async () => {
      const world = await makeDivided();
      world.proxy.up();
      await world.act((fleet) => rehearse(world, fleet, "3"));
      expect(world.live()).toEqual(["2", "2", "2"]);
      await world.act((fleet) => fleet.operate(world.spec, "switch", SWITCH));
      expect(world.live()).toEqual(["3", "3", "3"]);
      expect(await world.act((_, hosts) => recoverFleet(hosts, world.spec))).toBe(null);
    });

    test("follows by recover, and pruning needn't wait for that", async () => {
      const world = await makeDivided();
      world.proxy.up();
      await world.act((fleet) => fleet.operate(world.spec, "prune", { dryRun: false }));
      expect(world.live()).toEqual(["2", "1", "2"]);
      expect(await world.act((_, hosts) => recoverFleet(hosts, world.spec))).toEqual({
        operation: "switch",
        outcome: "finished",
      });
      expect(world.live()).toEqual(["2", "2", "2"]);
    });
  },
);

describe.skipIf(!hasSshd)("a promise (else skipped: needs sshd)", { timeout: 120_000 }, () => {
  test("that was taken back meanwhile isn't kept any more, by whoever was about to", async () => {
    const world = await makeFleetWorld();
    const hosts = await reachAll(world);
    const fleet = createFleet(hosts, "me@laptop", () => {});
    await rehearse(world, fleet, "1");
    let recovered: Promise<unknown> | null = null;
    const late = hosts.map(
      (host): Host => ({
        ...host,
        operate: (async (...given: Parameters<Host["operate"]>) => {
          // Somebody takes the client for dead just before it sets about it.
          if (given[3]) recovered ??= recoverFleet(hosts, world.spec);
          await recovered;
          return host.operate(...given);
        }) as Host["operate"],
      }),
    );
    await expect(
      createFleet(late, "me@laptop", () => {}).operate(world.spec, "switch", SWITCH),
    ).rejects.toMatchObject({ code: "SERVERS_DIFFER" });
    expect(world.live()).toEqual([null, null, null]);
    expect(await fleet.operate(world.spec, "switch", SWITCH)).toMatchObject({ live: { release: "1" } });
    await fleet.close();
  });

  test("is kept although a task after it fails, which is told", async () => {
    const world = await makeFleetWorld();
    const hosts = await reachAll(world);
    const fleet = createFleet(hosts, "me@laptop", () => {});
    const task = { run: "false", on: "live" as const, timeout: 5000, needs: [] };
    const spec = { ...world.spec, tasks: { late: task }, hooks: { "after:switch": ["late"] } };
    await rehearse(world, fleet, "1");
    await expect(fleet.operate(spec, "switch", SWITCH)).rejects.toMatchObject({ code: "AFTER_TASK_FAILED" });
    expect(world.live()).toEqual(["1", "1", "1"]);
    await rehearse(world, fleet, "2");
    await fleet.operate(world.spec, "switch", SWITCH);
    expect(world.live()).toEqual(["2", "2", "2"]);
    await fleet.close();
  });

  test("runs the tasks before a switch, so that one that fails stops all; they run once on each", async () => {
    const world = await makeFleetWorld();
    const hosts = await reachAll(world);
    const fleet = createFleet(hosts, "me@laptop", () => {});
    const spec = {
      ...world.spec,
      tasks: {
        note: {
          run: 'echo noted >> "$GREENROOM_ROOT/noted"; test ! -e "$GREENROOM_ROOT/broken"',
          on: "rehearsal" as const,
          timeout: 5000,
          needs: [],
        },
      },
      hooks: { "before:switch": ["note"] },
    };
    const noted = () =>
      world.servers.map(({ root }) => readFileSync(join(root, "noted"), "utf8").split("\n").length - 1);
    await rehearse(world, fleet, "1");

    const broken = join(world.servers[2]!.root, "broken");
    writeFileSync(broken, "");
    await expect(fleet.operate(spec, "switch", SWITCH)).rejects.toMatchObject({
      code: "TASK_FAILED",
      message: expect.stringMatching(/^web3: /),
    });
    expect(world.live()).toEqual([null, null, null]);
    rmSync(broken);
    expect(noted()).toEqual([1, 1, 1]);
    await fleet.operate(spec, "switch", SWITCH);
    expect([noted(), world.live()]).toEqual([
      [2, 2, 2],
      ["1", "1", "1"],
    ]);
    await fleet.close();
  });
});
