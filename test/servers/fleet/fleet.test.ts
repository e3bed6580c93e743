import { readlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { openStore } from "../../../src/release/store.ts";
import { createFleet } from "../../../src/servers/fleet/fleet.ts";
import { recoverFleet } from "../../../src/servers/fleet/recover.ts";
import type { Host } from "../../../src/servers/host.ts";
import { receive } from "../../../src/servers/releases/receive.ts";
import { connect } from "../../../src/servers/remote.ts";
import { specOf } from "../../environment/world.ts";
import { hasSshd, startHosts } from "../../hosts.ts";
import { temporaryFolder } from "../../release/world.ts";
import { builtBundle, makeRelease } from "../world.ts";

afterEach(() => vi.unstubAllEnvs());

/** From the call of that number on, the client is dead: nothing of it reaches anybody. */
function dyingAt(hosts: Host[], last: number): Host[] {
  let calls = 0;
  const alive = () => {
    calls += 1;
    if (calls > last) throw new Error("dead");
  };
  const mortal = (host: Host): Host => ({
    ...host,
    operate: (async (...given: Parameters<Host["operate"]>) => {
      alive();
      return host.operate(...given);
    }) as Host["operate"],
    async promise(...given) {
      alive();
      return host.promise(...given);
    },
    async abandon(...given) {
      alive();
      return host.abandon(...given);
    },
  });
  return hosts.map(mortal);
}

describe.skipIf(!hasSshd)("several servers (else skipped: needs sshd)", { timeout: 300_000 }, () => {
  test("end up equal, wherever the client dies between them", async () => {
    const { servers, config } = await startHosts(3);
    vi.stubEnv("GREENROOM_SSH_CONFIG", config);
    const spec = specOf({ checks: [] });
    const open = () =>
      Promise.all(
        servers.map((server) => connect(server, { bundle: builtBundle(), by: "me@laptop", emit: () => {} })),
      );
    const live = () =>
      servers.map(({ root }) => basename(readlinkSync(join(root, "sites/shop/production/traffic/live"))));
    const [source, store] = [temporaryFolder(), openStore(temporaryFolder())];
    let hosts = await open();
    const fleet = createFleet(hosts, "me@laptop", () => {});
    for (const release of ["1", "2"]) {
      writeFileSync(join(source, "index.html"), release);
      await receive(fleet, store, makeRelease(store, source, release));
      await fleet.operate(spec, "stage", { release, dryRun: false });
      await fleet.operate(spec, "check", { dryRun: false });
      if (release === "1") await fleet.operate(spec, "switch", { force: false, dryRun: false });
    }
    const outcomes = new Set<string>();
    for (let last = 0; last <= 6; last++) {
      const before = live();
      expect(new Set(before).size).toBe(1);
      const act = createFleet(dyingAt(hosts, last), "me@laptop", () => {}).operate(spec, "switch", {
        force: true,
        dryRun: false,
      });
      const died = await act.then(
        () => false,
        () => true,
      );
      expect(died).toBe(last < 6);
      await Promise.all(hosts.map((host) => host.close()));
      hosts = await open();
      const left = await recoverFleet(hosts, spec);
      outcomes.add(left?.outcome ?? "nothing");
      const after = live();
      expect(new Set(after).size).toBe(1);
      expect(after[0] === before[0]).toBe(left?.outcome !== "finished" && died);
      expect(await recoverFleet(hosts, spec)).toBe(null);
    }
    expect([...outcomes].sort()).toEqual(["abandoned", "finished", "nothing"]);
    await Promise.all(hosts.map((host) => host.close()));
  });
});
