import { randomInt } from "node:crypto";
import { symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { ensureDirectory, movePointer, orNull, readPointer } from "../disk/durable.ts";
import type { Side } from "./sides.ts";
import { at, type Site } from "./site.ts";

/** Where the kernel takes no port from by itself, so that nobody else comes upon a side's. */
const [FIRST, LAST] = [20_000, 30_000];

/** The port of a side whose `web` can't listen on a socket. It stays the same: a router may have been told. */
export async function ensurePort(site: Site, side: Side): Promise<number> {
  ensureDirectory(at.run(site));
  const place = at.port(site, side);
  const known = readPort(site, side);
  if (known !== null) return known;
  const port = await findFreePort();
  // Whoever came first has chosen.
  orNull(() => symlinkSync(String(port), place) ?? true, "EEXIST");
  return readPort(site, side) ?? port;
}

/** The same, but another one if somebody else has taken it. */
export async function ensureFreePort(site: Site, side: Side): Promise<number> {
  const port = await ensurePort(site, side);
  if (await isFree(port)) return port;
  const other = await findFreePort();
  movePointer(at.port(site, side), String(other));
  return other;
}

export function readPort(site: Site, side: Side): number | null {
  const port = Number(readPointer(at.port(site, side)));
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null;
}

async function findFreePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
