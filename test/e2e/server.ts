import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { type Machine, makeMachine } from "./machine.ts";
import { makeWorld, type World } from "./world.ts";

/** A root on a machine whose nginx, supervisord and PHP-FPM run. */
export interface Server extends World {
  machine: Machine;
  /** All that setup could touch outside of the root: names, modes, owners, contents. */
  snapshot(): string;
  /** nginx's worker processes: others after a reload. */
  workers(): string;
  /** Makes the project another one, and deploys it. */
  deploy(project: string, serve: object, files: object, more?: object): ReturnType<World["greenroom"]>;
}

export const SETUP = [
  "--yes",
  "--router=nginx",
  "--supervisor=supervisord",
  "--listen=80",
  "--listen-tls=443",
];

/** `as` begins the argv of who gives the commands. */
/** Begins the argv of what an account without rights does. */
export const NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"];

export async function makeServer({
  as = [],
  name = "root",
}: {
  as?: string[];
  name?: string;
} = {}): Promise<Server> {
  const machine = await makeMachine();
  for (const daemon of ["nginx", "supervisord", "php-fpm"] as const) await machine.start(daemon);
  const world = makeWorld({}, { via: [...machine.via, ...as], name });
  if (as.length > 0) execFileSync("chown", ["-R", "nobody", world.dir]);
  return {
    ...world,
    machine,
    snapshot: () => snapshot(...["nginx", "supervisor", "php"].map((name) => join(machine.dir, "etc", name))),
    workers() {
      const pid = readFileSync(join(machine.dir, "run/nginx.pid"), "utf8").trim();
      return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    },
    deploy(project, serve, files, more = {}) {
      const environments = { production: { domain: `${project}.example`, ...more } };
      world.write({ "greenroom.json": { project, serve, environments }, ...files });
      return world.greenroom("deploy");
    },
  };
}

/** One that serves its root, with `greenroom up` running. */
export async function makeServingServer({
  as = [],
  setup = SETUP,
}: {
  as?: string[];
  setup?: string[];
} = {}) {
  const server = await makeServer({ as });
  const before = server.snapshot();
  const done = await server.greenroom("setup", ...setup);
  expect(done, done.stdout).toMatchObject({ exit: 0, result: { written: true } });
  return { ...server, before, running: await server.up() };
}

export function snapshot(...dirs: string[]): string {
  const find = (...what: string[]) => execFileSync("find", [...dirs, ...what], { encoding: "utf8" });
  const names = find("-printf", "%p %y %m %u %g %l\n");
  const contents = find("-type", "f", "-exec", "sha256sum", "{}", "+");
  return [names, contents].map((text) => text.split("\n").sort().join("\n")).join("\n");
}
