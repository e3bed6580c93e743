import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ensureDirectory, writeJsonDurably } from "../disk/durable.ts";
import { isHeld, type Lock, tryLock } from "../disk/lock.ts";
import { at, type UpState } from "../environment/site.ts";
import { GreenroomError } from "../errors.ts";
import type { Emit } from "../events.ts";
import type { Runner } from "./supervisor/runner.ts";
import { type RunningSupervisor, startSupervisor } from "./supervisor/supervisor.ts";

/** Answers visitors: the part of `greenroom up` that listens. */
export interface Listener {
  listen(where: { host: string; port: number }): Promise<{ port: number }>;
  /** Stops listening, lets requests in flight finish for `drain` milliseconds. */
  close(drain: number): Promise<void>;
}

export interface UpOptions {
  root: string;
  host: string;
  /** 0: one that the kernel picks. */
  port: number;
  emit: Emit;
  router: Listener;
  runner: Runner;
}

/** Serves a root until SIGINT or SIGTERM, then ends everything it started. A second signal ends it at once. */
export async function runUp(options: UpOptions): Promise<void> {
  const root = resolve(options.root);
  ensureDirectory(root);
  const lock = await takeLock(root);
  const interrupts = catchInterrupts();
  try {
    await serve({ ...options, root }, interrupts);
  } finally {
    interrupts.forget();
    lock.release();
  }
}

async function serve(
  { root, host, port: wish, emit, router, runner }: UpOptions,
  interrupts: Interrupts,
): Promise<void> {
  const { port } = await router.listen({ host, port: wish });
  let supervisor: RunningSupervisor | undefined;
  try {
    supervisor = await startSupervisor(root, { emit, runner, urlOf: (domain) => urlOf(domain, port) });
    interrupts.onSecond(() => endNow(root, supervisor));
    writeJsonDurably(at.up(root), { pid: process.pid, host, port, since: now() } satisfies UpState);
    emit({ event: "ready", url: urlOf(nameOf(host), port), port });
    await interrupts.first;
    const then = runner.outlives ? "processes go on" : "all processes end";
    emit({ event: "step", text: `stopping: requests in flight may finish, then ${then}` });
  } finally {
    await router.close(DRAIN);
    await supervisor?.close();
    rmSync(at.up(root), { force: true });
  }
}

/** How long requests in flight may go on when all ends. */
const DRAIN = 10_000;

async function takeLock(root: string): Promise<Lock> {
  for (let tries = 1; ; tries++) {
    const result = tryLock(at.upLock(root), { pid: process.pid, since: now() });
    if (!isHeld(result)) return result;
    // A command that just looks whether `up` runs has the lock for a moment, too.
    if (tries < 10) await pause(30);
    else throw alreadyRunning(root, result.heldBy);
  }
}

function alreadyRunning(root: string, holder: object | null): GreenroomError {
  const who = holder && "pid" in holder ? ` (process ${holder.pid})` : "";
  return new GreenroomError("UP_RUNNING", `greenroom up already runs for ${root}${who}`, {
    hint: "greenroom status",
  });
}

interface Interrupts {
  first: Promise<void>;
  onSecond(act: () => void): void;
  forget(): void;
}

function catchInterrupts(): Interrupts {
  const waiting: (() => void)[] = [];
  const first = new Promise<void>((resolve) => waiting.push(resolve));
  let last = () => {};
  const next = () => (waiting.shift() ?? last)();
  process.on("SIGINT", next).on("SIGTERM", next);
  return {
    first,
    onSecond: (act) => {
      last = act;
    },
    forget: () => process.off("SIGINT", next).off("SIGTERM", next),
  };
}

function endNow(root: string, supervisor: RunningSupervisor | undefined): never {
  supervisor?.kill();
  rmSync(at.up(root), { force: true });
  process.exit(130);
}

function nameOf(host: string): string {
  const everywhere = ["0.0.0.0", "::", "127.0.0.1", "::1"].includes(host);
  if (everywhere) return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}

function urlOf(host: string, port: number): string {
  return port === 80 ? `http://${host}` : `http://${host}:${port}`;
}

function now(): string {
  return new Date().toISOString();
}
