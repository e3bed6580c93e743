import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { removeTree } from "../../src/disk/remove.ts";
import type { Event } from "../../src/events.ts";

const greenroom = resolve("dist/greenroom.mjs");

export interface Answer {
  exit: number | null;
  events: Event[];
  /** biome-ignore lint/suspicious/noExplicitAny: whatever the command answers */
  result: any;
  error: Extract<Event, { event: "error" }> | null;
  stdout: string;
  stderr: string;
}

/** A project and a root of its own, and the real program to use on them. */
export interface World {
  dir: string;
  project: string;
  root: string;
  write(files: Record<string, string | object>): void;
  /** Runs a command with --json to its end. */
  greenroom(...argv: string[]): Promise<Answer>;
  /** Runs a command as a person would, without --json. */
  plain(...argv: string[]): Promise<Answer>;
  /** Starts `greenroom up` on a free port and waits until it listens; for another root than its own where one is named. */
  up(root?: string): Promise<Up>;
}

export interface Up {
  port: number;
  child: ChildProcess;
  stop(): Promise<number | null>;
}

export interface Where {
  /** Begins the argv of all that is run, where that isn't to be run here, or by us. */
  via?: string[];
  /** What the root is called. */
  name?: string;
}

export function makeWorld(
  files: Record<string, string | object> = {},
  { via = [], name = "root" }: Where = {},
): World {
  const dir = mkdtempSync(join(tmpdir(), "greenroom-e2e-"));
  // As on a server, where programs run as somebody else.
  chmodSync(dir, 0o755);
  onTestFinished(() => removeTree(dir));
  const world = { dir, project: join(dir, "project"), root: join(dir, name) };
  mkdirSync(world.project);
  const places = ["--project", world.project, "--root", world.root];
  const write: World["write"] = (more) => {
    for (const [path, content] of Object.entries(more)) writeFile(join(world.project, path), content);
  };
  write(files);
  return {
    ...world,
    write,
    greenroom: (...argv) => run([...argv, "--json", ...places], dir, via),
    plain: (...argv) => run([...argv, ...places], dir, via),
    up: (root = world.root) => startUp(root, dir, via),
  };
}

function writeFile(path: string, content: string | object): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
}

async function run(argv: string[], cwd: string, via: string[]): Promise<Answer> {
  const [program, ...args] = [...via, process.execPath, greenroom, ...argv];
  const child = spawn(program!, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, [exit]] = await Promise.all([
    text(child, "stdout"),
    text(child, "stderr"),
    once(child, "close"),
  ]);
  const events = argv.includes("--json") ? stdout.trim().split("\n").filter(Boolean).map(parse) : [];
  const last = events.at(-1);
  return {
    exit: exit as number | null,
    events,
    result: last?.event === "result" ? last.result : null,
    error: last?.event === "error" ? last : null,
    stdout,
    stderr,
  };
}

function parse(line: string): Event {
  return JSON.parse(line) as Event;
}

async function text(child: ChildProcess, stream: "stdout" | "stderr"): Promise<string> {
  let said = "";
  for await (const chunk of child[stream]!.setEncoding("utf8")) said += chunk;
  return said;
}

async function startUp(root: string, cwd: string, via: string[]): Promise<Up> {
  const port = existsSync(join(root, "machine.json")) ? [] : ["--port", "0"];
  const [program, ...args] = [...via, process.execPath, greenroom, "up", "--json", "--root", root, ...port];
  const child = spawn(program!, args, {
    cwd,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit").then(([code]) => code as number | null);
  const stop = () => {
    child.kill("SIGTERM");
    return ended;
  };
  onTestFinished(async () => void (await stop()));
  const found = await new Promise<number>((found, fail) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const event = parse(line);
      if (event.event === "ready") found(event.port);
      if (event.event === "error") fail(new Error(event.message));
    });
  });
  return { port: found, child, stop };
}
