import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { orNull } from "../../src/disk/durable.ts";
import { openStore } from "../../src/release/store.ts";
import { bind } from "../../src/servers/bind.ts";
import { createFleet } from "../../src/servers/fleet/fleet.ts";
import type { Host } from "../../src/servers/host.ts";
import { LONG } from "../faults/harness/machine.ts";
import { hasSshd } from "../hosts.ts";
import { temporaryFolder } from "../release/world.ts";
import { type FleetWorld, goLive, makeFleetWorld, reachAll, rehearse } from "./fleet-world.ts";

afterEach(() => vi.unstubAllEnvs());

const KILLS = LONG ? 60 : 12;

/** Ends the program at the far end of a line as a power cut would. */
function killProgramIn(root: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const words =
      orNull(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"), "ENOENT", "ESRCH")?.split("\0") ?? [];
    if (words.includes("host") && words.includes(root) && words[1]?.endsWith(".mjs"))
      process.kill(Number(pid), "SIGKILL");
  }
}

/** From the call of that number on, the client is dead: nothing of it reaches anybody. */
function dyingAt(host: Host, last: number): Host {
  let calls = 0;
  const alive = () => {
    calls += 1;
    if (calls > last) throw new Error("dead");
  };
  return {
    ...host,
    operate: (async (...given: Parameters<Host["operate"]>) => {
      alive();
      return host.operate(...given);
    }) as Host["operate"],
    async bring(...given) {
      alive();
      return host.bring(...given);
    },
  };
}

function bindingOf({ spec, store }: FleetWorld, members: Host[]) {
  return { members, models: members, spec, store, storageFrom: null, emit: () => {} };
}

describe.skipIf(!hasSshd)("one more server (else skipped: needs sshd)", { timeout: 300_000 }, () => {
  test("shows nothing or what the others show, wherever the client dies, and the same again finishes it", async () => {
    const world = await makeFleetWorld();
    const { spec } = world;
    const [first, second, newcomer] = (await reachAll(world)) as [Host, Host, Host];
    const members = [first, second];
    const fleet = createFleet(members, "me@laptop", () => {});
    for (const release of ["1", "2"]) await goLive(world, fleet, release);
    await rehearse(world, fleet, "3");
    const site = join(world.servers[2]!.root, "sites/shop/production");
    const rehearsed = () => readFileSync(join(site, "traffic/rehearsal/index.html"), "utf8");
    const binding = {
      members,
      models: members,
      spec,
      store: openStore(temporaryFolder()),
      storageFrom: null,
      emit: () => {},
    };
    let [died, last] = [true, 0];
    for (; died; last++) {
      if (existsSync(site))
        await newcomer.operate(spec, "remove", { force: true, storage: true, dryRun: false });
      died = await bind({ ...binding, newcomer: dyingAt(newcomer, last) }).then(
        () => false,
        () => true,
      );
      expect([null, "2"]).toContain(world.live()[2]);
      if (world.live()[2] === "2") expect(rehearsed()).toBe("3");
      await bind({ ...binding, newcomer });
      expect([world.live(), rehearsed()]).toEqual([["2", "2", "2"], "3"]);
    }
    // Three releases, two sides to stage and check, every byte compared, and visitors let in.
    expect(last - 1).toBe(9);
    const all = [...members, newcomer];
    const together = createFleet(all, "me@laptop", () => {});
    await together.operate(spec, "switch", { force: false, dryRun: false });
    expect(world.live()).toEqual(["3", "3", "3"]);
    await together.operate(spec, "rollback", { to: null, force: false, dryRun: false });
    await together.operate(spec, "rollback", { to: null, force: false, dryRun: false });
    expect(world.live()).toEqual(["1", "1", "1"]);
    await together.close();
  });

  test("shows nothing or what the others show, wherever its own program is killed", async () => {
    const world = await makeFleetWorld();
    const { spec, servers } = world;
    const [first, second] = (await reachAll(world)) as [Host, Host, Host];
    const fleet = createFleet([first, second], "me@laptop", () => {});
    await goLive(world, fleet, "1");
    const binding = bindingOf(world, [first, second]);
    let killed = 0;
    for (let wait = 0; wait < KILLS; wait++) {
      const newcomer = await world.reach(servers[2]!);
      if (wait > 0) await newcomer.operate(spec, "remove", { force: true, storage: true, dryRun: false });
      const timer = setTimeout(() => killProgramIn(servers[2]!.root), wait * 4);
      killed += await bind({ ...binding, newcomer }).then(
        () => 0,
        (error: unknown) => {
          expect(error).toMatchObject({ code: "LINE_CUT" });
          return 1;
        },
      );
      clearTimeout(timer);
      await newcomer.close();
      expect([null, "1"]).toContain(world.live()[2]);
      const again = await world.reach(servers[2]!);
      await bind({ ...binding, newcomer: again });
      expect(world.live()).toEqual(["1", "1", "1"]);
      await again.close();
    }
    expect(killed).toBeGreaterThan(KILLS / 4);
    await fleet.close();
  });

  test("takes up what the others do while it gets ready", async () => {
    const world = await makeFleetWorld();
    const { spec } = world;
    const [first, second, newcomer] = (await reachAll(world)) as [Host, Host, Host];
    const members = [first, second];
    const fleet = createFleet(members, "me@laptop", () => {});
    await goLive(world, fleet, "1");
    await rehearse(world, fleet, "2");
    let moved = false;
    const slow: Host = {
      ...newcomer,
      operate: (async (...given: Parameters<Host["operate"]>) => {
        if (given[1] === "join" && !moved) {
          moved = true;
          await fleet.operate(spec, "switch", { force: false, dryRun: false });
        }
        return newcomer.operate(...given);
      }) as Host["operate"],
    };
    await bind({
      members,
      models: members,
      spec,
      store: world.store,
      storageFrom: null,
      emit: () => {},
      newcomer: slow,
    });
    expect(world.live()).toEqual(["2", "2", "2"]);
    await createFleet([...members, newcomer], "", () => {}).close();
  });

  test("that has gone its own way keeps the others from moving, and is brought back in line", async () => {
    const world = await makeFleetWorld();
    const { spec } = world;
    const all = await reachAll(world);
    const [first, second, third] = all as [Host, Host, Host];
    const fleet = createFleet(all, "me@laptop", () => {});
    await goLive(world, fleet, "1");
    await rehearse(world, fleet, "2");
    await third.operate(spec, "switch", { force: false, dryRun: false });
    expect(world.live()).toEqual(["1", "1", "2"]);
    await expect(fleet.operate(spec, "switch", { force: true, dryRun: false })).rejects.toMatchObject({
      code: "SERVERS_DIFFER",
      hint: "greenroom recover production; else, if web1 is right: greenroom bind production web3 --like web1",
    });
    expect(world.live()).toEqual(["1", "1", "2"]);
    const binding = bindingOf(world, [first, second]);
    await bind({ ...binding, newcomer: third });
    expect(world.live()).toEqual(["1", "1", "1"]);
    await fleet.operate(spec, "switch", { force: false, dryRun: false });
    expect(world.live()).toEqual(["2", "2", "2"]);
    await fleet.close();
  });

  test("that has missed several switches shows the same without ever showing nothing, and then moves with the others", async () => {
    const world = await makeFleetWorld();
    const all = await reachAll(world);
    const [first, second, third] = all as [Host, Host, Host];
    const deploy = (hosts: Host[], release: string) =>
      goLive(
        world,
        createFleet(hosts, "me@laptop", () => {}),
        release,
      );
    await deploy(all, "1");
    for (const release of ["2", "3"]) await deploy([first, second], release);
    await deploy([second], "4");
    expect(world.live()).toEqual(["3", "4", "1"]);
    const seen = new Set<string | null>();
    const watched: Host = {
      ...third,
      operate: (async (...given: Parameters<Host["operate"]>) => {
        const done = await third.operate(...given);
        seen.add(world.live()[2]!);
        return done;
      }) as Host["operate"],
    };
    const binding = bindingOf(world, []);
    await bind({ ...binding, newcomer: watched, members: [first, second], models: [first] });
    await bind({ ...binding, newcomer: second, members: [first, third], models: [first] });
    expect(world.live()).toEqual(["3", "3", "3"]);
    expect(seen).toEqual(new Set(["1", "3"]));
    await deploy(all, "5");
    expect(world.live()).toEqual(["5", "5", "5"]);
    await createFleet(all, "", () => {}).close();
  });
});
