import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

const greenroom = resolve("dist/greenroom.mjs");

/** Runs a command to its end and answers how many milliseconds it took. */
export function time(argv: string[], env: Record<string, string> = {}): number {
  const [command, ...args] = argv;
  const started = performance.now();
  const { status, stderr } = spawnSync(command!, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  const took = performance.now() - started;
  if (status !== 0) throw new Error(`${argv.join(" ")} ended with ${status}: ${stderr}`);
  return took;
}

/** The command line of Greenroom for a project and a root. */
export function greenroomArgv(world: { project: string; root: string }, ...words: string[]): string[] {
  return [process.execPath, greenroom, ...words, "--json", "--project", world.project, "--root", world.root];
}

/** What others left unwritten isn't for the next one to pay. */
export function settle(): void {
  spawnSync("sync");
}

/** The same while this process goes on with something else. */
export async function runQuietly(argv: string[]): Promise<void> {
  const [command, ...args] = argv;
  const child = spawn(command!, args, { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}`);
}
