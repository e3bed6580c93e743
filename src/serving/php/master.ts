import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { isAlive } from "../../disk/alive.ts";
import { ensureDirectory, orNull, writeFileDurably } from "../../disk/durable.ts";
import { errnoOf } from "../../errors.ts";
import type { Emit } from "../../events.ts";
import { type Fpm, phpAt } from "./places.ts";
import { hasPools, writePools } from "./pools.ts";
import { RELOAD_DRAIN, readFpmPid } from "./program.ts";
import { iniValue } from "./quote.ts";

/** A PHP-FPM of Greenroom's own, kept running for as long as there is a pool. */
export interface Master {
  close(): Promise<void>;
}

export async function startMaster(root: string, fpm: Fpm, emit: Emit): Promise<Master> {
  ensureDirectory(phpAt.dir(root), 0o700);
  writeFileDurably(phpAt.main(root), renderMain(fpm));
  writePools(fpm, root);
  await endLeftover(root, fpm, emit);
  let child: ChildProcess | null = null;
  let begun = 0;

  const look = () => {
    const runs = child !== null && !hasEnded(child);
    const wanted = hasPools(fpm);
    if (runs && !wanted) child!.kill("SIGQUIT");
    if (runs || !wanted || performance.now() - begun < AGAIN) return;
    if (child !== null && begun > 0 && child.exitCode !== 0) warn();
    begun = performance.now();
    const started = spawn(fpm.program, ["-F", ...fpm.args], { stdio: "ignore", detached: true });
    child = started.once("error", warn).once("exit", () => endOrphans(started.pid));
  };
  const warn = () => {
    emit({ event: "warning", text: `PHP-FPM has ended and is started again; its words: ${fpm.errors}` });
  };
  look();
  const looking = setInterval(look, LOOK);
  return {
    async close() {
      clearInterval(looking);
      if (!child || hasEnded(child)) return;
      const ended = once(child, "exit");
      child.kill("SIGQUIT");
      await Promise.race([ended, pause((RELOAD_DRAIN + 1) * 1000, null, { ref: false })]);
      if (!hasEnded(child)) child.kill("SIGTERM");
      await ended;
    },
  };
}

/** What a master leaves that was killed goes on listening, and no other can then. */
function endOrphans(master: number | undefined): void {
  if (master === undefined) return;
  try {
    process.kill(-master, "SIGKILL");
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

const LOOK = 50;
const AGAIN = 1000;

function renderMain({ pools, pid, errors }: Fpm): string {
  return `; Written by Greenroom. Changes are lost.
[global]
pid = ${iniValue(pid)}
error_log = ${iniValue(errors)}
log_level = notice
daemonize = no
; A reload lets requests in flight end for so long.
process_control_timeout = ${RELOAD_DRAIN}s
include = ${iniValue(`${pools}/*.conf`)}
`;
}

/** A `greenroom up` that was killed leaves its PHP-FPM behind, which goes on serving until now. */
async function endLeftover(root: string, fpm: Fpm, emit: Emit): Promise<void> {
  const pid = readFpmPid(fpm);
  if (pid === null || !isOurs(pid, root)) return;
  process.kill(pid, "SIGQUIT");
  for (let waited = 0; isAlive(pid); waited += 10) {
    if (waited === RELOAD_DRAIN * 1000) process.kill(pid, "SIGTERM");
    await pause(10);
  }
  emit({ event: "warning", text: "ended the PHP-FPM of an earlier greenroom up" });
}

// A master shows its configuration's path as its title.
function isOurs(pid: number, root: string): boolean {
  const title = orNull(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"), "ENOENT", "ESRCH");
  return title?.includes(phpAt.main(root)) ?? false;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
