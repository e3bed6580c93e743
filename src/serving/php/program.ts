import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { isAlive } from "../../disk/alive.ts";
import { orNull } from "../../disk/durable.ts";
import { GreenroomError } from "../../errors.ts";
import type { Fpm } from "./places.ts";

/** Throws PHP-FPM's own words where it refuses the configuration that is on disk. */
export function testPools({ program, args }: Fpm): void {
  const { status, stderr } = spawnSync(program, ["-t", ...args], { encoding: "utf8" });
  if (status !== 0) throw refused("PHP-FPM refuses its configuration", stderr);
}

function refused(message: string, words: string): GreenroomError {
  return new GreenroomError("ROUTER_REFUSED", message, {
    hint: "the configuration before is back in its place; mend what PHP-FPM names, then give the command again",
    detail: words.trim().split("\n").slice(-5),
  });
}

/** Its master process, null where it doesn't run. */
export function readFpmPid({ pid: path }: Fpm): number | null {
  const pid = Number(orNull(() => readFileSync(path, "utf8"), "ENOENT")?.trim());
  return pid > 0 && isAlive(pid) && isFpm(pid) ? pid : null;
}

// Who was killed leaves its number behind for anybody.
function isFpm(pid: number): boolean {
  const title = orNull(() => readFileSync(`/proc/${pid}/cmdline`, "latin1"), "ENOENT", "ESRCH");
  return title?.startsWith("php-fpm: master") ?? false;
}

/** Makes a running PHP-FPM take up its pools; requests in flight end before, those that come wait meanwhile. */
export async function reloadFpm(fpm: Fpm): Promise<void> {
  const pid = readFpmPid(fpm);
  if (pid === null) throw notRunning(fpm);
  const before = sizeOf(fpm.errors);
  process.kill(pid, "SIGUSR2");
  for (let waited = 0; waited < PATIENCE; waited += 10) {
    if (wordsSince(fpm, before).includes(READY)) return;
    await pause(10);
  }
  throw refused("PHP-FPM did not take up its configuration", wordsSince(fpm, before));
}

export function notRunning({ start }: Fpm): GreenroomError {
  return new GreenroomError("UP_NOT_RUNNING", "PHP-FPM doesn't run", { hint: start });
}

/** How long requests in flight may hold a reload up. */
export const RELOAD_DRAIN = 10;
const PATIENCE = (RELOAD_DRAIN + 5) * 1000;

/** Its own words once it answers. */
export const READY = "ready to handle connections";

export function wordsSince({ errors }: Fpm, length: number): string {
  return (orNull(() => readFileSync(errors), "ENOENT") ?? Buffer.alloc(0)).subarray(length).toString();
}

export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
