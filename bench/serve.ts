import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { freePort } from "../test/e2e/load/by-hand.ts";
import { greenroomArgv, time } from "./cli.ts";

export interface Serving {
  port: number;
  /** Of `greenroom up`. */
  pid: number;
  stop(): Promise<unknown>;
}

/** A root that nginx is to serve, on a port of its own. */
export async function setUp(root: string): Promise<number> {
  mkdirSync(root);
  const port = await freePort();
  const words = ["--yes", "--router", "nginx", "--listen", `127.0.0.1:${port}`, "--unprivileged"];
  time(ofRoot(root, "setup", ...words));
  return port;
}

/** `greenroom up`, once it serves. */
export async function startUp(root: string, port: number): Promise<Serving> {
  const argv = ofRoot(root, "up");
  const child = spawn(argv[0]!, argv.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('"ready"')) break;
  child.stdout.resume();
  return { port, pid: child.pid!, stop: () => end(child) };
}

function ofRoot(root: string, ...words: string[]): string[] {
  return greenroomArgv({ project: ".", root }, ...words).filter(
    (word) => word !== "--project" && word !== ".",
  );
}

export function end(child: ChildProcess): Promise<unknown> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  return gone;
}
