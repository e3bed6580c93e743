import type { Stats } from "node:fs";
import { dirname } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import { errnoOf } from "../../errors.ts";
import type { Machine } from "../machine.ts";
import { takeTurn } from "../turns.ts";
import { create, moveAside, narrow } from "./aside.ts";
import { reopen } from "./reopen.ts";
import { findDistrust, letIn, lookAt } from "./trust.ts";
import type { Writer } from "./writers.ts";

export interface Rotation {
  /** Looks once, and does what is to be done. Answers what isn't well, in words. */
  round(): Promise<string | null>;
}

interface Log {
  path: string;
  stat: Stats | undefined;
}

/** Rotates the logs of one program by size. */
export function createRotation(root: string, writer: Writer, { bytes, kept }: Machine["logs"]): Rotation {
  // A run that died may have moved a log without a word to its writer.
  let told = false;
  let held: string[] = [];
  let trouble: string | null = null;

  const isFull = ({ path, stat }: Log) => stat?.isFile() && stat.size >= bytes && !held.includes(oldOf(path));
  const isToDo = (log: Log) => isMissing(log) || isFull(log);

  const act = async (master: number, logs: Log[]) => {
    const files = logs.map(({ path }) => path);
    const distrust = findDistrust(root, files);
    if (distrust) return `${writer.name}'s logs aren't rotated: ${distrust}`;
    const group = writer.group();
    if (group !== null) letIn(group, files);
    const { moved, failure } = moveAll(logs.filter(isFull), logs.filter(isMissing), kept);
    if (failure && told && !moved) throw failure;
    held = await reopen(master, files.map(oldOf), held.length > 0 ? PATIENCE / 5 : PATIENCE);
    told = true;
    for (const log of await look(files)) if (log.stat?.isFile()) narrow(log.path, log.stat);
    if (failure) throw failure;
    return held.length === 0 ? null : stillWritten(writer, held);
  };

  return {
    async round() {
      if (writer.pid() === null) return null;
      const isIdle = told && held.length === 0 && !(await look(writer.files())).some(isToDo);
      if (isIdle) return trouble;
      const lock = await takeTurn(writer.lock, writer.name);
      try {
        // Whoever had the turn before may have made it begin anew: for a moment it would die of a signal.
        const master = writer.pid();
        if (master === null) return null;
        if (!maySignal(master)) return `${writer.name}'s logs aren't rotated: it runs as somebody else`;
        trouble = await act(master, await look(writer.files()));
        return trouble;
      } finally {
        lock.release();
      }
    },
  };
}

function maySignal(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (errnoOf(error) === "EPERM") return false;
    throw error;
  }
}

/** Whoever changes nginx's configuration waits for its turn meanwhile. */
const PATIENCE = 5000;

/** Thousands of environments have thousands of logs, and visitors who are held wait for the same event loop. */
async function look(files: string[]): Promise<Log[]> {
  const logs: Log[] = [];
  for (const [i, path] of files.entries()) {
    if (i % AT_ONCE === 0) await breathe();
    logs.push({ path, stat: lookAt(path) });
  }
  return logs;
}

const AT_ONCE = 500;

function isMissing({ path, stat }: Log): boolean {
  return stat === undefined && lookAt(dirname(path)) !== undefined;
}

function oldOf(path: string): string {
  return `${path}.1`;
}

/** What fails of one environment is held against no other. */
function moveAll(full: Log[], missing: Log[], kept: number): { moved: boolean; failure: unknown } {
  let moved = false;
  let failure: unknown = null;
  const attempt = (act: () => void) => {
    try {
      act();
      moved = true;
    } catch (error) {
      failure ??= error;
    }
  };
  for (const { path, stat } of full) attempt(() => moveAside(path, stat!, kept));
  for (const { path } of missing) attempt(() => create(path));
  return { moved, failure };
}

function stillWritten({ name }: Writer, held: string[]): string {
  return `${name} still writes ${held.join(", ")}, so it isn't rotated; see that its workers may enter that folder`;
}
