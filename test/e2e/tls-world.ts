import { createServer } from "node:net";
import { expect } from "vitest";
import { makeWorld, type World } from "./world.ts";

export interface TlsWorld extends World {
  plain: World["plain"];
  port: number;
  tlsPort: number;
}

/** A root that nginx serves by http and https, and a project of one page. */
export async function makeTlsWorld(domain: string, tls: unknown, ...more: string[]): Promise<TlsWorld> {
  const world = makeWorld({ "greenroom.json": projectOf(domain, tls), "index.html": "one" });
  const [port, tlsPort] = await freePorts(2);
  const doors = ["--listen", `127.0.0.1:${port}`, "--listen-tls", `127.0.0.1:${tlsPort}`];
  const set = await world.greenroom(
    "setup",
    "--yes",
    "--router",
    "nginx",
    "--unprivileged",
    ...doors,
    ...more,
  );
  expect(set).toMatchObject({ exit: 0, result: { written: true } });
  return { ...world, port: port!, tlsPort: tlsPort! };
}

export function projectOf(domain: string, tls: unknown, more: object = {}): object {
  return { project: "shop", environments: { production: { domain, tls, ...more } } };
}

/** All open at once, so that no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      await new Promise((closed) => server.close(closed));
      return typeof address === "object" && address ? address.port : 0;
    }),
  );
}
