import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { endGroup, type Leader, leaderOf, signalGroup } from "./group.ts";
import { type Command, type Launch, launch } from "./launch.ts";
import { keepLast, splitLines } from "./lines.ts";
import { INTERRUPTS } from "./signals.ts";

export interface Run extends Omit<Launch, "stdio"> {
  /** Milliseconds after which all of it is ended. */
  timeout: number;
  /** Where the output is appended. */
  log: string | null;
  onLine?: (line: string) => void;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  timedOut: boolean;
  lastLines: string[];
  ms: number;
}

/** Runs a line or a program until it ends or its time is up. Nothing that it started goes on after that. */
export async function runToEnd(command: Command, options: Run): Promise<Ended> {
  const begun = performance.now();
  const output = collect(options);
  try {
    const child = launch(command, options);
    const leader = leaderOf(child.pid ?? 0);
    const closed = follow(child, output.lines);
    const interrupts = passOnInterrupts(leader);
    try {
      const end = await endOf(child, leader, options.timeout);
      await Promise.race([closed, pause(PIPES, null, { ref: false })]);
      await endGroup(leader, PATIENCE);
      await interrupts.ending();
      output.assertLogged();
      return { ...end, lastLines: output.last.lines(), ms: Math.round(performance.now() - begun) };
    } finally {
      interrupts.withdraw();
      child.stdout?.destroy();
      child.stderr?.destroy();
    }
  } finally {
    output.close();
  }
}

/** How long the pipes of a line that has ended may stay open, held by what it left behind. */
const PIPES = 1_000;
/** How long a line that was interrupted may take before it is told to end, too. */
const GRACE = 200;
/** From asking to killing. */
const PATIENCE = 2_000;

function collect({ log, onLine }: Pick<Run, "log" | "onLine">) {
  const fd = log === null ? null : openSync(log, "a", 0o640);
  const last = keepLast(20);
  const failures: unknown[] = [];
  const lines = (line: string) => {
    last.add(line);
    try {
      if (fd !== null) writeSync(fd, `${line}\n`);
    } catch (error) {
      failures.push(error);
    }
    onLine?.(line);
  };
  const assertLogged = () => {
    if (failures.length > 0) throw failures[0];
  };
  return { last, lines, assertLogged, close: () => fd !== null && closeSync(fd) };
}

function follow(child: ChildProcess, onLine: (line: string) => void): Promise<void> {
  for (const stream of [child.stdout, child.stderr]) {
    const lines = splitLines(onLine);
    stream?.on("data", lines.push).on("end", lines.end).on("error", lines.end);
  }
  return new Promise((resolve) => child.once("close", () => resolve()));
}

/**
 * In a group of its own a line doesn't get the terminal's Ctrl-C, so it is passed on; and what the line started in the
 * background ignores that, so all of it is ended before we die of the signal ourselves.
 */
function passOnInterrupts(leader: Leader) {
  let ending: Promise<void> | null = null;
  const pass = (signal: NodeJS.Signals) => {
    if (ending) return kill();
    signalGroup(leader, signal);
    ending = endAfter(leader, signal, withdraw);
  };
  const kill = () => void signalGroup(leader, "SIGKILL");
  const withdraw = () => {
    process.off("exit", kill);
    for (const signal of INTERRUPTS) process.off(signal, pass);
  };
  for (const signal of INTERRUPTS) process.on(signal, pass);
  process.on("exit", kill);
  /** Resolves at once where nothing was interrupted. */
  return { withdraw, ending: () => ending };
}

/** Gives the line a moment to end by itself. */
async function endAfter(leader: Leader, signal: NodeJS.Signals, withdraw: () => void): Promise<void> {
  await pause(GRACE);
  await endGroup(leader, PATIENCE);
  if (process.listenerCount(signal) > 1) return;
  withdraw();
  process.kill(process.pid, signal);
  // The signal comes at the next turn of the event loop: nothing of ours goes on until then.
  await pause(PATIENCE);
}

function endOf(child: ChildProcess, leader: Leader, timeout: number) {
  return new Promise<Pick<Ended, "code" | "signal" | "timedOut">>((resolve, reject) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      endGroup(leader, PATIENCE).catch(reject);
    }, timeout);
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, timedOut });
    });
  });
}
