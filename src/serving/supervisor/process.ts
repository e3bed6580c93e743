import { setTimeout as pause } from "node:timers/promises";
import type { Leader } from "../../processes/group.ts";
import { type Life, live } from "./life.ts";
import type { Runner } from "./runner.ts";
import type { Running } from "./slot.ts";
import type { ProcessPlan } from "./want.ts";

export interface ProcessEvents {
  /** The first time: it is started now, or was found running. */
  begins(wasFound: boolean): void;
  started(leader: Leader, restarts: number): void;
  healthy(): void;
  /** It ended by itself, or didn't become healthy; it is started again after `pause` milliseconds. */
  failed(failure: Failure): void;
  /** It has run well for a while, or is to run no more: what failed before counts no longer. */
  recovered(): void;
  /** Nothing is left of it. */
  gone(leader: Leader): void;
  /** Its log or its group couldn't be handled as they should; it goes on. */
  trouble(error: Error): void;
}

export interface Failure {
  wasHealthy: boolean;
  reason: string;
  lastLines: string[];
  pause: number;
  /** How often it has failed without having run well for a while in between. */
  times: number;
}

/** Keeps one process running until it is ended, with growing pauses while it fails. */
export function superviseProcess(plan: ProcessPlan, runner: Runner, on: ProcessEvents): Running {
  const stop = new AbortController();
  let watched = true;
  const done = keepRunning(plan, runner, on, { signal: stop.signal, isWatched: () => watched }).catch(
    on.trouble,
  );
  return {
    end: () => {
      stop.abort();
      return done;
    },
    leave: () => {
      watched = false;
      stop.abort();
      return done;
    },
  };
}

interface Stop {
  signal: AbortSignal;
  /** False: stop watching it, and let it go on. */
  isWatched(): boolean;
}

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
/** Who was healthy this long starts anew with the shortest pause, and nothing is said of its failures any more. */
const CALM = 60_000;

async function keepRunning(
  plan: ProcessPlan,
  runner: Runner,
  on: ProcessEvents,
  { signal, isWatched }: Stop,
): Promise<void> {
  let wait = FIRST_PAUSE;
  let times = 0;
  for (let restarts = 0; !signal.aborted; restarts++) {
    let calm: NodeJS.Timeout | undefined;
    const life = await live(plan, runner, signal, {
      begins: (wasFound) => {
        if (restarts === 0) on.begins(wasFound);
      },
      started: (leader) => on.started(leader, restarts),
      healthy: () => {
        on.healthy();
        calm = setTimeout(on.recovered, CALM).unref();
      },
    });
    clearTimeout(calm);
    if (!isWatched()) return life.leave();
    if (!signal.aborted) {
      if (life.healthyFor >= CALM) [wait, times] = [FIRST_PAUSE, 0];
      on.failed(failureOf(life, wait, ++times));
    }
    await life.end();
    if (life.leader) on.gone(life.leader);
    await pause(wait, undefined, { signal }).catch(() => {});
    wait = Math.min(wait * 2, LONGEST_PAUSE);
  }
  if (!isWatched()) return;
  on.recovered();
  await runner.forget(plan);
}

function failureOf({ reason, lastLines, healthyFor }: Life, wait: number, times: number): Failure {
  return { reason, lastLines, wasHealthy: healthyFor > 0, pause: wait, times };
}
