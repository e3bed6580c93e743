import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { orNull } from "../disk/durable.ts";
import { errnoOf } from "../errors.ts";

/** The first process of a process group of ours. */
export interface Leader {
  pid: number;
  /** Tells it from a later process with the same pid; empty where the system can't say. */
  started: string;
}

export function leaderOf(pid: number): Leader {
  return { pid, started: readStart(pid) ?? "" };
}

/**
 * Asks the whole group to end, kills what is left of it after `drain` milliseconds, and resolves when it is gone.
 * A group whose leader isn't the one that was recorded is somebody else's and left alone.
 */
export async function endGroup(leader: Leader, drain: number): Promise<void> {
  if (!isOurs(leader)) return;
  if (!signalGroup(leader, "SIGTERM")) return;
  await finishGroup(leader, drain);
}

/** Kills what is left after `drain` milliseconds of a group that was asked to end by somebody else. */
export async function finishGroup(leader: Leader, drain: number): Promise<void> {
  if (!isOurs(leader)) return;
  if (await isGoneWithin(leader.pid, drain)) return;
  signalGroup(leader, "SIGKILL");
  await isGoneWithin(leader.pid, UNINTERRUPTIBLE);
}

/** False when there is nobody left to get the signal. */
export function signalGroup(leader: Leader, signal: NodeJS.Signals): boolean {
  if (!isOurs(leader)) return false;
  try {
    process.kill(-leader.pid, signal);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return false;
    if (errnoOf(error) === "EPERM") return true;
    throw error;
  }
}

/** A process that hangs in the kernel doesn't even die of SIGKILL; nobody waits for it longer than this. */
const UNINTERRUPTIBLE = 5_000;

// Where the leader is gone but its group is not, the kernel doesn't give its pid to anybody else.
function isOurs({ pid, started }: Leader): boolean {
  if (pid <= 1) return false;
  if (started === "") return true;
  const now = readStart(pid);
  return now === null || now === started;
}

/** When the process started, in a form that is unique over reboots; null where there is no such process (or /proc). */
export function readStart(pid: number): string | null {
  const stat = orNull(() => readFileSync(`/proc/${pid}/stat`, "utf8"), "ENOENT", "ESRCH");
  return stat === null ? null : `${parseStat(stat).start}@${bootId()}`;
}

let boot: string | undefined;

function bootId(): string {
  boot ??=
    orNull(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8), "ENOENT", "EACCES") ??
    "";
  return boot;
}

async function isGoneWithin(group: number, limit: number): Promise<boolean> {
  const end = performance.now() + limit;
  for (let wait = 5; ; wait = Math.min(wait * 2, 100)) {
    if (await isGone(group, wait >= 100)) return true;
    const left = end - performance.now();
    if (left <= 0) return isGone(group, true);
    await pause(Math.min(wait, left));
  }
}

// Dead processes that nobody reaps (in a container whose first process doesn't) still count as a group for kill().
async function isGone(group: number, thorough: boolean): Promise<boolean> {
  try {
    process.kill(-group, 0);
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return true;
    if (errnoOf(error) !== "EPERM") throw error;
  }
  if (!thorough) return false;
  const processes = await readProcesses();
  return processes.length > 0 && !processes.some((one) => one.group === group && one.state !== "Z");
}

export interface ProcessEntry {
  pid: number;
  state: string;
  group: number;
}

/** Every process of this machine; none where there is no /proc. */
export async function readProcesses(): Promise<ProcessEntry[]> {
  const names = await readdir("/proc").catch(() => []);
  const stats = await Promise.all(
    names
      .filter((name) => /^\d+$/.test(name))
      .map(async (pid) => ({
        pid: Number(pid),
        stat: await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null),
      })),
  );
  return stats.flatMap(({ pid, stat }) => (stat === null ? [] : [{ pid, ...parseStat(stat) }]));
}

// The second field is the program's name in parentheses, which may itself hold blanks and parentheses.
function parseStat(stat: string): { state: string; group: number; start: string } {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", group: Number(fields[2]), start: fields[19] ?? "" };
}
