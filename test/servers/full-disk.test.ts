import { existsSync, mkdirSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { RESERVE } from "../../src/environment/reserve.ts";
import { createFleet } from "../../src/servers/fleet/fleet.ts";
import { receive } from "../../src/servers/releases/receive.ts";
import { lacksMounts, mountMemory } from "../faults/harness/mounts.ts";
import { hasSshd } from "../hosts.ts";
import { makeFleetWorld, reachAll } from "./fleet-world.ts";

const lacking = hasSshd ? lacksMounts() : "needs sshd";

afterEach(() => vi.unstubAllEnvs());

/** Three servers that show the last of some releases; the second one's disk is small, and then full. */
async function makeFull(releases: string[], keepsReserve = true) {
  const world = await makeFleetWorld();
  const spec = { ...world.spec, keep: 2 };
  const { root } = world.servers[1]!;
  const mounted = mountMemory(root, "24m", 5000);
  onTestFinished(() => mounted.unmount());
  const hosts = await reachAll(world);
  onTestFinished(async () => void (await Promise.all(hosts.map((host) => host.close()))));
  const fleet = createFleet(hosts, "me@laptop", () => {});
  for (const release of releases) {
    await receive(fleet, world.store, world.make(release));
    await fleet.operate(spec, "stage", { release, dryRun: false });
    await fleet.operate(spec, "check", { dryRun: false });
    await fleet.operate(spec, "switch", { force: false, dryRun: false });
  }
  const site = join(root, "sites/shop/production");
  const [reserve, ballast] = [join(site, "run/reserve"), join(root, "ballast")];
  if (!keepsReserve) rmSync(reserve);
  fillUp(root, ballast);
  const made = () => ({
    spares: readdirSync(join(site, "releases")).filter((name) => name.startsWith(".spare-")),
    reserve: existsSync(reserve),
  });
  return { ...world, fleet, spec, made, reserve, ballast };
}

function fillUp(root: string, ballast: string): void {
  mkdirSync(ballast);
  const { bavail, bsize } = statfsSync(root);
  writeFileSync(join(ballast, "much"), Buffer.alloc(bavail * bsize));
  expect(statfsSync(root).bavail).toBe(0);
}

describe.skipIf(lacking)(
  `a full disk on one of three servers (else skipped: ${lacking})`,
  { timeout: 300_000 },
  () => {
    test("keeps none from going back, and forth again", async () => {
      const { fleet, spec, live, made } = await makeFull(["1", "2", "3"]);
      expect(made()).toEqual({ spares: [".spare-1"], reserve: true });
      for (let round = 0; round < 3; round++) {
        await fleet.operate(spec, "rollback", { to: "2", force: false, dryRun: false });
        expect(live()).toEqual(["2", "2", "2"]);
        await fleet.operate(spec, "switch", { force: true, dryRun: false });
        expect(live()).toEqual(["3", "3", "3"]);
      }
      expect(made()).toEqual({ spares: [], reserve: false });
    });

    test("stops all where there is nothing to let go, and its room is kept again once there is some", async () => {
      const { fleet, spec, live, made, reserve, ballast } = await makeFull(["1", "2"], false);
      expect(made()).toEqual({ spares: [], reserve: false });
      const back = () => fleet.operate(spec, "rollback", { to: null, force: false, dryRun: false });
      await expect(back()).rejects.toMatchObject({
        code: "DISK_FULL",
        message: expect.stringMatching(/^web2: /),
      });
      expect(live()).toEqual(["2", "2", "2"]);
      rmSync(ballast, { recursive: true });
      await back();
      expect(live()).toEqual(["1", "1", "1"]);
      expect(statSync(reserve).size).toBe(RESERVE);
    });
  },
);
