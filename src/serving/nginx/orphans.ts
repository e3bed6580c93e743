import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { orNull } from "../../disk/durable.ts";
import { errnoOf, GreenroomError } from "../../errors.ts";
import { countOf } from "../../events.ts";
import { type Nginx, nginxOf } from "./places.ts";
import { isMasterOf } from "./program.ts";

/** How long a worker may take to stop listening, or to end once it is told to do so at once. */
const PATIENCE = 2000;

/** Has all workers of this root whose master was killed take no new visitors; those they have may stay. Answers how many. */
export async function stopOrphans(root: string): Promise<number> {
  const listening = () => findOrphans(root).filter(isListening);
  const found = tell(listening(), "SIGQUIT");
  if (found > 0 && !(await untilNone(listening, PATIENCE))) {
    tell(listening(), "SIGTERM");
    await untilNone(listening, PATIENCE);
  }
  return found;
}

/** Ends them, once the requests that they have are answered or `drain` milliseconds are over. */
export async function endOrphans(root: string, drain: number): Promise<void> {
  const all = () => findOrphans(root);
  if (tell(all(), "SIGQUIT") === 0 || (await untilNone(all, drain))) return;
  tell(all(), "SIGTERM");
  await untilNone(all, PATIENCE);
}

/** Throws where some answer visitors as their master was told once: they would do so for ever. */
export function assertNoOrphans(root: string): void {
  const { length } = findOrphans(root).filter(isListening);
  if (length === 0) return;
  const [workers, answer] = [countOf(length, "worker"), length === 1 ? "answers" : "answer"];
  throw new GreenroomError(
    "ROUTER_REFUSED",
    `${workers} of an nginx that was killed still ${answer} visitors, as it was told then`,
    { hint: "greenroom up" },
  );
}

/** Who writes into this root's log is of this root, whatever the paths of its own file systems are called. */
function findOrphans(root: string): number[] {
  const logs = idsOfLogs(nginxOf(root, true));
  if (logs.size === 0) return [];
  const workers = readdirSync("/proc").map(Number).filter(isWorker);
  return workers.filter((pid) => isOrphan(pid, root) && writesTo(pid, logs));
}

function isWorker(pid: number): boolean {
  return pid > 0 && titleOf(pid).startsWith("nginx: worker process");
}

function isListening(pid: number): boolean {
  return isWorker(pid) && !titleOf(pid).includes("shutting down");
}

function isOrphan(pid: number, root: string): boolean {
  const status = orNull(() => readFileSync(`/proc/${pid}/status`, "latin1"), "ENOENT", "ESRCH");
  const parent = Number(/^PPid:\t(\d+)/m.exec(status ?? "")?.[1] ?? Number.NaN);
  return Number.isInteger(parent) && !isMasterOf(parent, root);
}

/** False where we may not look: then it may be anybody's. */
function writesTo(pid: number, logs: Set<string>): boolean {
  const folder = `/proc/${pid}/fd`;
  const fds = orNull(() => readdirSync(folder), "ENOENT", "ESRCH", "EACCES", "EPERM") ?? [];
  return fds.some((fd) => logs.has(idOf(join(folder, fd)) ?? ""));
}

/** Those that were moved aside, too: an orphan isn't told of that. */
function idsOfLogs({ errors }: Nginx): Set<string> {
  const dir = dirname(errors);
  const names = orNull(() => readdirSync(dir), "ENOENT") ?? [];
  const logs = names.filter((name) => name.startsWith(basename(errors)));
  return new Set(logs.map((name) => idOf(join(dir, name))).filter((id) => id !== null));
}

function idOf(path: string): string | null {
  const stat = orNull(() => statSync(path, { bigint: true }), "ENOENT", "ESRCH", "EACCES", "EPERM");
  return stat?.isFile() ? `${stat.dev}:${stat.ino}` : null;
}

function titleOf(pid: number): string {
  return orNull(() => readFileSync(`/proc/${pid}/cmdline`, "latin1"), "ENOENT", "ESRCH") ?? "";
}

function tell(pids: number[], signal: NodeJS.Signals): number {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (errnoOf(error) !== "ESRCH") throw error;
    }
  }
  return pids.length;
}

async function untilNone(look: () => number[], patience: number): Promise<boolean> {
  for (const end = performance.now() + patience; look().length > 0; await pause(20)) {
    if (performance.now() > end) return false;
  }
  return true;
}
