import { setTimeout as pause } from "node:timers/promises";
import { at } from "../../environment/site.ts";
import { endGroup, finishGroup, type Leader, leaderOf, readStart } from "../../processes/group.ts";
import type { Body } from "../supervisor/runner.ts";
import type { ProcessPlan } from "../supervisor/want.ts";
import { readFate } from "./fate.ts";
import { programOf, type Supervisord } from "./places.ts";
import { type Info, readInfo, stopNow } from "./processes.ts";
import { readTail } from "./tail.ts";

/** One run of a program, from what supervisord says of it to its end. `since`: its log's size when it began. */
export function watchProgram(supervisord: Supervisord, plan: ProcessPlan, info: Info, since: number): Body {
  const program = programOf(plan);
  const leader = info.pid > 0 ? leaderOf(info.pid) : null;
  const over = new AbortController();
  const gone = leader ? untilGone(leader, over.signal) : Promise.resolve();
  let lastLines: string[] = [];
  const log = at.log(plan.site, `${plan.name}.${plan.side}.log`);
  const exited = gone.then(async () => {
    if (over.signal.aborted) return "";
    await untilReaped(supervisord, program, info.pid);
    lastLines = readTail(log, since);
    return readFate(supervisord, program, plan.name);
  });
  const end = async () => {
    const { drain } = plan.want.spec.serve;
    if (!leader) return;
    // What a leader that ended by itself has left, supervisord doesn't know of.
    if (!isThere(leader)) return endGroup(leader, drain);
    await stopNow(supervisord, program);
    await finishGroup(leader, drain);
  };
  return {
    leader,
    exited,
    end,
    outputEnded: async () => {
      if (lastLines.length === 0) lastLines = readTail(log, since);
    },
    lastLines: () => lastLines,
    leave: () => over.abort(),
  };
}

// Soon after its start a process is looked at often: somebody waits for it.
async function untilGone(leader: Leader, signal: AbortSignal): Promise<void> {
  for (let wait = 30; !signal.aborted && isThere(leader); wait = Math.min(wait * 1.1, LONGEST_LOOK))
    await pause(wait, null, { signal }).catch(() => {});
}

const LONGEST_LOOK = 1_000;

function isThere({ pid, started }: Leader): boolean {
  return started !== "" && readStart(pid) === started;
}

// What it wrote last is in its log once supervisord has noticed its end.
async function untilReaped(supervisord: Supervisord, program: string, pid: number): Promise<void> {
  for (let looks = 0; looks < 20; looks++) {
    const info = await readInfo(supervisord, program).catch(() => null);
    if (pid === 0 || info?.pid !== pid) return;
    await pause(50);
  }
}
