import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { freePort } from "../free-port.ts";
import { makeWorld, type World } from "./world.ts";

export { freePort } from "../free-port.ts";

export const hasNginx = [...(process.env.PATH ?? "").split(":"), "/usr/sbin"].some((folder) =>
  existsSync(join(folder, "nginx")),
);

export const SITE = {
  "greenroom.json": { project: "shop", environments: { production: { domain: "shop.localhost" } } },
  "index.html": "one",
};

/** A root that is served by an nginx of Greenroom's own. */
export async function makeNginxWorld(files: Record<string, string | object> = SITE): Promise<World> {
  const world = makeWorld(files);
  const listen = `127.0.0.1:${await freePort()}`;
  const set = await world.greenroom(
    "setup",
    "--yes",
    "--router",
    "nginx",
    "--listen",
    listen,
    "--unprivileged",
  );
  expect(set).toMatchObject({ exit: 0, result: { written: true } });
  return world;
}

export function masterOf(world: World): number {
  return Number(readFileSync(join(world.root, "nginx/nginx.pid"), "utf8"));
}

export function workersOf(world: World): string {
  const pid = masterOf(world);
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
}
