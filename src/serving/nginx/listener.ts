import { mkdirSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ensureDirectory, writeFileDurably } from "../../disk/durable.ts";
import { GreenroomError } from "../../errors.ts";
import { countOf, type Emit } from "../../events.ts";
import { usualAccount } from "../../processes/account.ts";
import { readOrNull } from "../changes.ts";
import type { Doors } from "../machine.ts";
import { takeTurn } from "../turns.ts";
import type { Listener } from "../up.ts";
import { startHolder } from "./holder.ts";
import { renderMain } from "./main.ts";
import { endMaster, type Master, spawnMaster, untilRunning, watchMaster } from "./master.ts";
import { endOrphans, stopOrphans } from "./orphans.ts";
import { nginxAt, nginxOf, portOf } from "./places.ts";
import { isMasterOf, readPid, reload, testConfig } from "./program.ts";
import { writeSites } from "./router.ts";
import { readServers } from "./servers.ts";

/** An nginx of Greenroom's own, kept running. It listens where this machine was told to, not where the command says. */
export function createOwnNginx(root: string, doors: Doors, emit: Emit): Listener {
  const nginx = nginxOf(root, true);
  const listen = [...doors.listen, ...doors.listenTls];
  let master: Master | null = null;
  let holder: Server | null = null;
  let closing = false;

  const launch = async () => {
    await stopLeftWorkers(root, emit);
    if (closing) return;
    const started = spawnMaster(nginx);
    master = started;
    await untilRunning(nginx, started, listen);
    keep(started);
  };
  const keep = (running: Master) => {
    master = running;
    void running.ended.then(relaunch);
  };
  const relaunch = async (): Promise<void> => {
    if (closing) return;
    emit({ event: "warning", text: `nginx has ended and is started again; its words: ${nginx.errors}` });
    await pause(1000);
    if (!closing) await launch().catch(relaunch);
  };
  return {
    async listen() {
      holder = await startHolder(root, emit);
      try {
        const left = await takeUpConfig(root, doors, emit);
        if (left) {
          await stopLeftWorkers(root, emit);
          keep(left);
        } else await launch();
      } catch (error) {
        closing = true;
        holder.close();
        throw error;
      }
      return { port: portOf(listen[0]!) };
    },
    async close(drain) {
      closing = true;
      holder?.close();
      await Promise.all([master && endMaster(master, drain), endOrphans(root, drain)]);
      // Those of a master that had to be killed.
      await endOrphans(root, 0);
    },
  };
}

/** Writes all that nginx is to be told. Answers who has taken it up already: an earlier nginx, which nobody had ended. */
async function takeUpConfig(root: string, doors: Doors, emit: Emit): Promise<Master | null> {
  const lock = await takeTurn(nginxAt.lock(root), "nginx");
  try {
    const before = readAddresses(root);
    writeMain(root, doors.listen);
    await writeSites(root, doors, emit);
    testConfig(nginxOf(root, true));
    return await adopt(root, before === readAddresses(root), emit);
  } finally {
    lock.release();
  }
}

/** A `greenroom up` that was killed leaves its nginx behind. Visitors notice nothing where that goes on. */
async function adopt(root: string, listensThere: boolean, emit: Emit): Promise<Master | null> {
  const nginx = nginxOf(root, true);
  const pid = readPid(nginx);
  if (pid === null || !isMasterOf(pid, root)) return null;
  const left = watchMaster(pid);
  if (listensThere && (await takesUp(root, emit))) {
    emit({ event: "step", text: "the nginx of an earlier greenroom up goes on" });
    return left;
  }
  await endMaster(left, 1000);
  emit({ event: "warning", text: "ended the nginx of an earlier greenroom up" });
  return null;
}

async function takesUp(root: string, emit: Emit): Promise<boolean> {
  try {
    await reload(nginxOf(root, true));
    return true;
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    emit({ event: "warning", text: `${error.message}: it is started anew` });
    return false;
  }
}

/** Where the configuration that is on disk has nginx listen. */
function readAddresses(root: string): string {
  const texts = [nginxAt.main(root), nginxAt.shared(root)].map((path) => readOrNull(path) ?? "");
  const addresses = texts.flatMap(readServers).flatMap((server) => server.addresses);
  return [...new Set(addresses)].sort().join(" ");
}

/** They would answer their share of visitors as their master was told once, or keep the new one from listening. */
async function stopLeftWorkers(root: string, emit: Emit): Promise<void> {
  const stopped = await stopOrphans(root);
  if (stopped === 0) return;
  emit({ event: "warning", text: `ended ${countOf(stopped, "worker")} of an nginx that was killed` });
}

function writeMain(root: string, listen: string[]): void {
  const dir = nginxAt.dir(root);
  ensureDirectory(dir);
  mkdirSync(join(dir, "tmp"), { recursive: true });
  const user = process.getuid?.() === 0 ? (usualAccount(root) ?? "root") : null;
  writeFileDurably(nginxAt.main(root), renderMain({ dir, listen, user }));
}
