import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isAlive } from "../../disk/alive.ts";
import { ensureDirectory, orNull, writeFileDurably } from "../../disk/durable.ts";
import { GreenroomError } from "../../errors.ts";
import type { Emit } from "../../events.ts";
import { usualAccount } from "../../processes/account.ts";
import type { Doors } from "../machine.ts";
import type { Listener } from "../up.ts";
import { startHolder } from "./holder.ts";
import { renderMain } from "./main.ts";
import { type Nginx, nginxAt, nginxOf, portOf } from "./places.ts";
import { findNginx, readPid, testConfig } from "./program.ts";
import { writeSites } from "./router.ts";

/** An nginx of Greenroom's own, kept running. It listens where this machine was told to, not where the command says. */
export function createOwnNginx(root: string, doors: Doors, emit: Emit): Listener {
  const nginx = nginxOf(root, true);
  const listen = [...doors.listen, ...doors.listenTls];
  let child: ChildProcess | null = null;
  let holder: Server | null = null;
  let closing = false;

  const launch = async () => {
    const started = spawn(findNginx(), nginx.args, { stdio: "ignore" });
    child = started;
    started.once("exit", () => void (closing || relaunch()));
    await untilRunning(nginx, started, listen);
  };
  const relaunch = async () => {
    emit({ event: "warning", text: `nginx has ended and is started again; its words: ${nginx.errors}` });
    await pause(1000);
    if (!closing) await launch().catch(() => {});
  };
  return {
    async listen() {
      writeMain(root, doors.listen);
      await writeSites(root, doors);
      testConfig(nginx);
      await endLeftover(root, nginx, emit);
      holder = await startHolder(root, emit);
      await launch().catch((error: unknown) => {
        closing = true;
        holder?.close();
        throw error;
      });
      return { port: portOf(listen[0]!) };
    },
    async close(drain) {
      closing = true;
      holder?.close();
      if (!child || hasEnded(child)) return;
      const ended = once(child, "exit");
      child.kill("SIGQUIT");
      await Promise.race([ended, pause(drain, null, { ref: false })]);
      if (!hasEnded(child)) child.kill("SIGTERM");
      await ended;
    },
  };
}

/** A `greenroom up` that was killed leaves its nginx behind, which goes on serving until now. */
async function endLeftover(root: string, nginx: Nginx, emit: Emit): Promise<void> {
  const pid = readPid(nginx);
  if (pid === null || !isOurs(pid, root)) return;
  process.kill(pid, "SIGTERM");
  while (isAlive(pid)) await pause(10);
  emit({ event: "warning", text: "ended the nginx of an earlier greenroom up" });
}

function isOurs(pid: number, root: string): boolean {
  const line = orNull(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"), "ENOENT", "ESRCH");
  return line?.includes(nginxAt.main(root)) ?? false;
}

function writeMain(root: string, listen: string[]): void {
  const dir = nginxAt.dir(root);
  ensureDirectory(dir);
  mkdirSync(join(dir, "tmp"), { recursive: true });
  const user = process.getuid?.() === 0 ? (usualAccount(root) ?? "root") : null;
  writeFileDurably(nginxAt.main(root), renderMain({ dir, listen, user }));
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function untilRunning(nginx: Nginx, child: ChildProcess, listen: string[]): Promise<void> {
  const before = wordsOf(nginx).length;
  while (!hasEnded(child)) {
    // It writes this down once it listens.
    if (readPid(nginx) === child.pid) return;
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

function wordsOf(nginx: Nginx): string {
  return orNull(() => readFileSync(nginx.errors, "latin1"), "ENOENT") ?? "";
}
