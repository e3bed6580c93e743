import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { findFpm } from "../../src/serving/php/places.ts";
import { has } from "../certificates.ts";
import type { Page } from "./ask.ts";

/** What a test sees of a machine with Debian's own nginx, supervisord and PHP-FPM, which shares only the disk with ours. */
export interface Machine {
  /** Its /etc/nginx, /run and so on are below this folder. */
  dir: string;
  /** Begins the argv of what is to run on it. */
  via: string[];
  /** Runs a program on it to its end; answers what that wrote. */
  sh(...argv: string[]): string;
  /** Starts one of its daemons as Debian's unit does. */
  start(daemon: Daemon): Promise<void>;
  stop(daemon: Daemon): Promise<void>;
  ask(host: string, path?: string, more?: Question): Promise<Page>;
}

export type Daemon = "nginx" | "supervisord" | "php-fpm";

export interface Question {
  port?: number;
  method?: string;
  /** Bytes that it brings. */
  size?: number;
  /** Whom to trust; then it is asked by https. */
  ca?: string;
}

/** Null where such a machine can be had, else why not. */
export function lacksMachine(): string | null {
  if (process.getuid?.() !== 0) return "only root has machines";
  const missing = ["nginx", "supervisord", "unshare", "nsenter", "ip"].filter((program) => !has(program));
  if (!findFpm()) missing.push("php-fpm");
  if (missing.length > 0) return `needs ${missing.join(", ")}`;
  const absent = NEEDED.filter((path) => !existsSync(path));
  if (absent.length > 0) return `no Debian packages: ${absent.join(", ")}`;
  const tried = spawnSync("unshare", ["--mount", "--net", "ip", "link", "set", "lo", "up"]);
  return tried.status === 0 ? null : "there can be no namespaces here";
}

const NEEDED = ["/etc/nginx", "/etc/supervisor", "/etc/php", "/var/lib/nginx"];
// All of /etc, because accounts are made there.
const COPIED = ["/etc", "/var/lib/nginx"];
const EMPTY = ["/run", "/var/log"];

export async function makeMachine(): Promise<Machine> {
  const dir = mkdtempSync(join(tmpdir(), "greenroom-machine-"));
  chmodSync(dir, 0o755);
  for (const path of [...COPIED, ...EMPTY]) mkdirSync(join(dir, path), { recursive: true });
  for (const path of COPIED) execFileSync("cp", ["-a", `${path}/.`, join(dir, path)]);
  for (const path of ["run/php", "run/lock", "var/log/nginx", "var/log/supervisor"])
    mkdirSync(join(dir, path));
  const init = await startInit(dir);
  onTestFinished(async () => {
    await endAll(init);
    rmSync(dir, { recursive: true });
  });
  const via = ["nsenter", `--target=${init.pid}`, "--mount", "--net", "--"];
  const sh = (...argv: string[]) => execFileSync(via[0]!, [...via.slice(1), ...argv], { encoding: "utf8" });
  return { dir, via, sh, ...daemonsOf(dir, via), ask: askerOf(via) };
}

/** It ends with the test's process, because that holds its input open. */
async function startInit(dir: string): Promise<ChildProcess> {
  const mounts = [...COPIED, ...EMPTY].map((path) => `mount --bind ${dir}${path} ${path}`);
  const script = ["set -e", ...mounts, "ip link set lo up", "echo ready", "exec cat"].join("\n");
  const init = spawn("unshare", ["--mount", "--net", "sh", "-c", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(init.stdout!, "data");
  return init;
}

async function endAll({ pid }: ChildProcess): Promise<void> {
  const own = readlinkSync(`/proc/${pid}/ns/mnt`);
  for (let left = [pid!]; left.length > 0; await pause(20)) {
    for (const one of left) kill(one, "SIGKILL");
    left = readdirSync("/proc")
      .map(Number)
      .filter((one) => one > 0 && placeOf(one) === own);
  }
}

/** Undefined of who has ended by now. */
function placeOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return undefined;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Who has ended by now needs no end.
  }
}

function daemonsOf(dir: string, via: string[]): Pick<Machine, "start" | "stop"> {
  const { program, version } = findFpm()!;
  const daemons: Record<Daemon, { argv: string[]; ready: string; end: NodeJS.Signals }> = {
    nginx: { argv: ["nginx", "-g", "daemon on; master_process on;"], ready: "run/nginx.pid", end: "SIGQUIT" },
    supervisord: {
      argv: ["supervisord", "-n", "-c", "/etc/supervisor/supervisord.conf"],
      ready: "run/supervisor.sock",
      end: "SIGTERM",
    },
    "php-fpm": {
      argv: [program, "--nodaemonize", "--fpm-config", `/etc/php/${version}/fpm/php-fpm.conf`],
      ready: `run/php/php${version}-fpm.pid`,
      end: "SIGTERM",
    },
  };
  const running = new Map<Daemon, number>();
  return {
    async start(name) {
      const { argv, ready } = daemons[name];
      // `nginx -t` leaves an empty one.
      rmSync(join(dir, ready), { force: true });
      const child = spawn(via[0]!, [...via.slice(1), ...argv], { stdio: "ignore" });
      while (!isThere(join(dir, ready))) {
        if (child.exitCode) throw new Error(`${name} doesn't start`);
        await pause(20);
      }
      running.set(name, name === "nginx" ? Number(execFileSync("cat", [join(dir, ready)])) : child.pid!);
    },
    async stop(name) {
      const pid = running.get(name)!;
      kill(pid, daemons[name].end);
      while (placeOf(pid)) await pause(20);
      rmSync(join(dir, daemons[name].ready), { force: true });
    },
  };
}

/** A socket, or a file with a number in it. */
function isThere(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && (stat.isSocket() || stat.size > 0);
}

function askerOf(via: string[]): Machine["ask"] {
  return async (host, path = "/", more = {}) => {
    const port = more.port ?? (more.ca ? 443 : 80);
    const question = JSON.stringify({ ...more, host, path, port });
    const argv = [...via.slice(1), process.execPath, resolve("test/e2e/ask-client.mjs"), question];
    const child = spawn(via[0]!, argv, { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    for await (const chunk of child.stdout.setEncoding("utf8")) said += chunk;
    return JSON.parse(said) as Page;
  };
}
