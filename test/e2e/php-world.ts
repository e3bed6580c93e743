import { existsSync, readdirSync } from "node:fs";
import { expect } from "vitest";
import { freePort } from "../free-port.ts";
import { makeWorld, type World } from "./world.ts";

const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin"].filter((folder) => existsSync(folder));
const has = (name: RegExp) => folders.some((folder) => readdirSync(folder).some((file) => name.test(file)));

/** What PHP sites need, and tests of them. */
export const hasPhp = has(/^nginx$/) && has(/^php-fpm/);

export function projectOf(serve: object = {}, more: object = {}) {
  const environments = { production: { domain: "shop.localhost" } };
  return { project: "shop", serve: { kind: "php", ...serve }, environments, ...more };
}

/** A root that is set up for nginx and PHP-FPM of its own. */
export async function makePhpWorld(files: Record<string, string | object>): Promise<World> {
  const world = makeWorld(files);
  const listen = `127.0.0.1:${await freePort()}`;
  const how = ["--yes", "--router", "nginx", "--listen", listen, "--unprivileged"];
  expect(await world.greenroom("setup", ...how)).toMatchObject({ exit: 0 });
  return world;
}
