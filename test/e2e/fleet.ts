import { join } from "node:path";
import { type Hosts, startHosts } from "../hosts.ts";
import { makeWorld, type World } from "./world.ts";

export interface Fleet extends World {
  hosts: Hosts;
  /** A path of the environment on each of its servers. */
  at(path: string): string[];
}

/** A project whose production is on so many servers. */
export async function makeFleet(count: number, more: object = {}): Promise<Fleet> {
  const hosts = await startHosts(count);
  const servers = Object.fromEntries(
    hosts.servers.map(({ name, ssh, port, root }) => [name, { ssh, port, root }]),
  );
  const world = makeWorld({
    "greenroom.json": {
      project: "shop",
      servers,
      environments: { production: { domain: "shop.localhost", servers: Object.keys(servers) } },
      ...more,
    },
    "index.html": "one",
  });
  process.env.GREENROOM_SSH_CONFIG = hosts.config;
  const at = (path: string) => hosts.servers.map(({ root }) => join(root, "sites/shop/production", path));
  return { ...world, hosts, at };
}
