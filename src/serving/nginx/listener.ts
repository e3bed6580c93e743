import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ensureDirectory, writeFileDurably } from "../../disk/durable.ts";
import { GreenroomError } from "../../errors.ts";
import type { Emit } from "../../events.ts";
import { usualAccount } from "../../processes/account.ts";
import type { Listener } from "../up.ts";
import { renderMain } from "./main.ts";
import { type Nginx, nginxAt, nginxOf } from "./places.ts";
import { findNginx, readPid, testConfig } from "./program.ts";
import { writeSites } from "./router.ts";

/** An nginx of Greenroom's own, kept running. It listens where this machine was told to, not where the command says. */
export function createOwnNginx(root: string, listen: string[], emit: Emit): Listener {
  const nginx = nginxOf(root, true);
  let child: ChildProcess | null = null;
  let closing = false;

  const launch = async () => {
    const started = spawn(findNginx(), nginx.args, { stdio: "ignore" });
    child = started;
    started.once("exit", () => void (closing || relaunch()));
    await untilRunning(nginx, started);
  };
  const relaunch = async () => {
    emit({ event: "warning", text: `nginx has ended and is started again; its words: ${nginx.errors}` });
    await pause(1000);
    if (!closing) await launch().catch(() => {});
  };
  return {
    async listen() {
      writeMain(root, listen);
      await writeSites(root, listen);
      testConfig(nginx);
      await launch();
      return { port: portOf(listen[0]!) };
    },
    async close(drain) {
      closing = true;
      if (!child || hasEnded(child)) return;
      const ended = once(child, "exit");
      child.kill("SIGQUIT");
      await Promise.race([ended, pause(drain, null, { ref: false })]);
      if (!hasEnded(child)) child.kill("SIGTERM");
      await ended;
    },
  };
}

function writeMain(root: string, listen: string[]): void {
  const dir = nginxAt.dir(root);
  ensureDirectory(dir);
  mkdirSync(join(dir, "tmp"), { recursive: true });
  const user = process.getuid?.() === 0 ? (usualAccount(root) ?? "root") : null;
  writeFileDurably(nginxAt.main(root), renderMain({ dir, listen, user }));
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function untilRunning(nginx: Nginx, child: ChildProcess): Promise<void> {
  while (!hasEnded(child)) {
    if (readPid(nginx) === child.pid) return;
    await pause(10);
  }
  throw new GreenroomError("ROUTER_REFUSED", "nginx ended as soon as it was started", {
    hint: `its words: ${nginx.errors}`,
  });
}
