import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { orNull } from "../../disk/durable.ts";
import { errnoOf, GreenroomError } from "../../errors.ts";
import type { Nginx } from "./places.ts";
import { findNginx, isMaster, readPid } from "./program.ts";

/** An nginx of Greenroom's own that runs, whoever has started it. */
export interface Master {
  pid: number;
  hasEnded(): boolean;
  /** Resolves when it has. */
  ended: Promise<void>;
}

/** Starts one. That it listens is another matter: `untilRunning`. */
export function spawnMaster(nginx: Nginx): Master {
  const child = spawn(findNginx(), nginx.args, { stdio: "ignore" });
  return { pid: child.pid!, hasEnded: () => hasEnded(child), ended: once(child, "exit").then(() => {}) };
}

const LOOK_EVERY = 200;

/** One that an earlier `greenroom up` has started: no child of ours, so nobody tells us of its end. */
export function watchMaster(pid: number): Master {
  const end = async () => {
    while (isMaster(pid)) await pause(LOOK_EVERY);
  };
  return { pid, hasEnded: () => !isMaster(pid), ended: end() };
}

/** Ends it, once the requests that it has are answered or `drain` milliseconds are over. */
export async function endMaster(master: Master, drain: number): Promise<void> {
  const { ended } = master;
  for (const [signal, patience] of [
    ["SIGQUIT", drain],
    ["SIGTERM", 5000],
    ["SIGKILL", 5000],
  ] as const) {
    if (master.hasEnded()) return;
    tell(master.pid, signal);
    await Promise.race([ended, pause(patience, null, { ref: false })]);
  }
}

function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

/** Resolves when it listens; throws nginx's own words where it ends instead. */
export async function untilRunning(nginx: Nginx, master: Master, listen: string[]): Promise<void> {
  const before = wordsOf(nginx).length;
  while (!master.hasEnded()) {
    // It writes this down once it listens.
    if (readPid(nginx) === master.pid) return;
    await pause(10);
  }
  const words = wordsOf(nginx).slice(before);
  if (words.includes("Address already in use")) {
    throw new GreenroomError("PORT_TAKEN", `nginx can't listen on ${listen.join(", ")}: the port is in use`, {
      hint: "greenroom setup --listen ADDRESS",
    });
  }
  const detail = words.trim().split("\n").slice(-5);
  throw new GreenroomError("ROUTER_REFUSED", "nginx ended as soon as it was started", { detail });
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function wordsOf(nginx: Nginx): string {
  return orNull(() => readFileSync(nginx.errors, "latin1"), "ENOENT") ?? "";
}
