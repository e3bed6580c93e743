import { at } from "../../environment/site.ts";
import { countOf, type Emit } from "../../events.ts";
import { endLeftovers, type Keeper } from "../supervisor/leftovers.ts";
import { warnOnce } from "../supervisor/roster.ts";
import type { Runner } from "../supervisor/runner.ts";
import type { ProcessPlan } from "../supervisor/want.ts";
import { watchProgram } from "./body.ts";
import { readDaemon, startDaemon } from "./daemon.ts";
import { prefixOf, programOf, type Supervisord } from "./places.ts";
import { dropProgram, listInfos, readInfo, startProgram } from "./processes.ts";
import { writeProgram } from "./program.ts";
import { dropUnwanted } from "./retire.ts";
import { call } from "./rpc.ts";
import { KEEPER } from "./script.ts";
import { sizeOf } from "./tail.ts";
import { readWanted } from "./wanted.ts";

/** Runs processes by supervisord: they go on while no `greenroom up` is there, and are started again by it. */
export function createSupervisordRunner(supervisord: Supervisord, emit: Emit): Runner {
  const { root, own } = supervisord;
  /** Where in its log a program's next run begins. */
  const ends = new Map<string, number>();
  let daemon: number | null = null;
  let tending: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;

  const warn = (text: string) => emit({ event: "warning", text });
  const complain = warnOnce(emit);
  const open = async () => {
    if (!own) await call(supervisord, "supervisor.getPID");
    await dropUnwanted(supervisord, await readWanted(root));
    daemon = await readDaemon(supervisord);
    await endOrphans(supervisord, daemon, warn);
    daemon ??= await startDaemon(supervisord);
  };
  // What a supervisord that was killed has left is nobody's, and must not work beside what the next one starts.
  const tend = async () => {
    const now = await readDaemon(supervisord);
    if (now !== null && now === daemon) return;
    if (now !== null || own) await endOrphans(supervisord, now, warn);
    if (now === null && daemon !== null) warn(`supervisord has ended${own ? " and is started again" : ""}`);
    daemon = now ?? (own ? await startDaemon(supervisord) : null);
  };
  const tendOnce = () => {
    tending ??= tend()
      .catch((error: Error) => complain(error.message))
      .finally(() => {
        tending = null;
      });
  };
  const watch = (plan: ProcessPlan, info: Awaited<ReturnType<typeof startProgram>>, since: number) => {
    const body = watchProgram(supervisord, plan, info, since);
    const log = logOf(plan);
    void body.exited.then(() => ends.set(programOf(plan), sizeOf(log)));
    return body;
  };
  return {
    outlives: true,
    async open() {
      await open();
      timer = setInterval(tendOnce, TEND);
    },
    async find(plan) {
      const info = await readInfo(supervisord, programOf(plan));
      return info && info.pid > 0 && info.statename !== "STOPPING"
        ? watch(plan, info, ends.get(programOf(plan)) ?? 0)
        : null;
    },
    async start(plan, env) {
      const since = sizeOf(logOf(plan));
      writeProgram(supervisord, plan, env);
      return watch(plan, await startProgram(supervisord, programOf(plan)), since);
    },
    async forget(plan) {
      ends.delete(programOf(plan));
      await dropProgram(supervisord, programOf(plan));
    },
    async close() {
      clearInterval(timer);
      await tending;
    },
  };
}

const TEND = 1_000;

function logOf({ site, name, side }: ProcessPlan): string {
  return at.log(site, `${name}.${side}.log`);
}

async function endOrphans(
  supervisord: Supervisord,
  daemon: number | null,
  warn: (text: string) => void,
): Promise<void> {
  const ended = await endLeftovers(
    supervisord.root,
    daemon === null ? null : await keeperOf(supervisord, daemon),
  );
  if (ended > 0) warn(`ended ${countOf(ended, "process group")} that nobody looked after`);
}

async function keeperOf(supervisord: Supervisord, daemon: number): Promise<Keeper> {
  const infos = await listInfos(supervisord, prefixOf(supervisord.root));
  return { leaders: infos.map(({ pid }) => pid).filter((pid) => pid > 0), mark: `${KEEPER}=${daemon}` };
}
