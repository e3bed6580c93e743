import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EnvironmentSpec } from "../../src/environment/spec.ts";
import { findRelease, openStore } from "../../src/release/store.ts";
import type { Host } from "../../src/servers/host.ts";
import { receive } from "../../src/servers/releases/receive.ts";
import { connect } from "../../src/servers/remote.ts";
import type { Server } from "../../src/servers/server.ts";
import { readHostKey } from "../../src/servers/ssh/host-keys.ts";
import { specOf } from "../environment/world.ts";
import { startHosts } from "../hosts.ts";
import { temporaryFolder } from "../release/world.ts";
import { type CuttingProxy, startProxy } from "./cutting.ts";
import { builtBundle, makeRelease } from "./world.ts";

/** Three servers; to the second one all goes by a proxy. */
export interface FleetWorld {
  servers: Server[];
  config: string;
  proxy: CuttingProxy;
  spec: EnvironmentSpec;
  reach(server: Server): Promise<Host>;
  /** A release of random contents in the store of this machine. */
  make(version: string): ReturnType<typeof makeRelease>;
  store: ReturnType<typeof openStore>;
  /** What visitors of each server see. */
  live(): (string | null)[];
}

export async function makeFleetWorld(): Promise<FleetWorld> {
  const { servers, config } = await startHosts(3);
  process.env.GREENROOM_SSH_CONFIG = config;
  const [first, second, third] = servers as [Server, Server, Server];
  const proxy = await startProxy({ host: "127.0.1.2", port: second.port! });
  const { key } = readHostKey(second);
  const user = second.ssh.split("@")[0]!;
  const proxied = { ...second, ssh: `${user}@127.0.0.1`, port: proxy.port, hostKey: key };
  const [source, store] = [temporaryFolder(), openStore(temporaryFolder())];
  return {
    servers: [first, proxied, third],
    config,
    proxy,
    spec: specOf({ servers: ["web1", "web2", "web3"], checks: [{ files: ["index.html"] }] }),
    reach: (server) => connect(server, { bundle: builtBundle(), by: "me@laptop", emit: () => {} }),
    make(version) {
      const made = findRelease(store, "shop", version);
      if (made) return made;
      writeFileSync(join(source, "index.html"), version);
      writeFileSync(join(source, "photo.bin"), randomBytes(200_000));
      return makeRelease(store, source, version);
    },
    store,
    live: () =>
      servers.map(({ root }) => {
        const file = join(root, "sites/shop/production/traffic/live/index.html");
        return existsSync(file) ? readFileSync(file, "utf8") : null;
      }),
  };
}

/** All of them, or none: who can't reach one acts on none. */
export async function reachAll({ servers, reach }: Pick<FleetWorld, "servers" | "reach">): Promise<Host[]> {
  const opened = await Promise.allSettled(servers.map(reach));
  const failed = opened.find((one) => one.status === "rejected");
  const hosts = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  if (!failed) return hosts;
  await Promise.all(hosts.map((host) => host.close()));
  throw failed.reason as unknown;
}

/** Brings a release to the servers, has it rehearse there, and checked. */
export async function rehearse(
  { spec, store, make }: FleetWorld,
  fleet: Host,
  release: string,
): Promise<void> {
  await receive(fleet, store, make(release));
  await fleet.operate(spec, "stage", { release, dryRun: false });
  await fleet.operate(spec, "check", { dryRun: false });
}

export async function goLive(world: FleetWorld, fleet: Host, release: string): Promise<void> {
  await rehearse(world, fleet, release);
  await fleet.operate(world.spec, "switch", { force: false, dryRun: false });
}
