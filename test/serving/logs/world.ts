import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createRotation, type Rotation } from "../../../src/serving/logs/rotation.ts";
import { writersOf } from "../../../src/serving/logs/writers.ts";
import { parseMachine } from "../../../src/serving/machine.ts";
import { nginxOf } from "../../../src/serving/nginx/places.ts";
import { readPid } from "../../../src/serving/nginx/program.ts";
import { ask } from "../../e2e/ask.ts";
import { makeStagedWorld } from "../router/world.ts";

export { freePort } from "../../free-port.ts";

export const hasNginx = [...(process.env.PATH ?? "").split(":"), "/usr/sbin"].some((folder) =>
  existsSync(join(folder, "nginx")),
);
export const isRoot = process.getuid?.() === 0;

export const MACHINE = (bytes: number, kept: number) =>
  parseMachine({ router: "nginx", unprivileged: true, logs: { bytes, kept } });

/** A site that nginx serves, whose logs nobody rotates but the test. */
export async function startSite(prepare: (folder: string) => void = () => {}) {
  const world = makeStagedWorld();
  chmodSync(world.root, 0o755);
  const folder = join(world.site.dir, "log");
  prepare(folder);
  chmodSync(folder, 0o750);
  const { port, router } = await world.start("nginx");
  const pid = readPid(nginxOf(world.root, true))!;
  return {
    ...world,
    port,
    pid,
    folder,
    log: join(folder, "access.log"),
    close: () => router.close(1000),
    rotation: (bytes = 1000, kept = 5): Rotation => {
      const machine = MACHINE(bytes, kept);
      return createRotation(world.root, writersOf(world.root, machine)[0]!, machine.logs);
    },
    visit: async (times: number, path = "/") => {
      for (let i = 0; i < times; i++) await ask(port, "shop.localhost", path);
      // Lines come out after a second.
      await new Promise((resume) => setTimeout(resume, 1200));
    },
  };
}

export function linesIn(folder: string, name = "access.log"): number {
  const names = readdirSync(folder).filter((one) => one.startsWith(name));
  return names.reduce((sum, one) => sum + lines(join(folder, one)), 0);
}

export function lines(path: string): number {
  return readFileSync(path, "latin1").split("\n").length - 1;
}

/** Asks on 64 kept connections until it is ended; answers how many answers it got. */
export async function startLoad(port: number): Promise<() => Promise<{ answered: number; failed: number }>> {
  const client: ChildProcess = spawn(
    process.execPath,
    ["test/e2e/load-client.mjs", String(port), "shop.localhost", "GET"],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const said = createInterface({ input: client.stdout! })[Symbol.asyncIterator]();
  await said.next();
  return async () => {
    const ended = once(client, "exit");
    client.kill("SIGTERM");
    const seen = JSON.parse((await said.next()).value as string) as { answered: number; failed: number };
    await ended;
    return seen;
  };
}
