import { renameSync, rmSync, writeFileSync } from "node:fs";
import { temporaryName } from "../../disk/durable.ts";
import type { Side } from "../../environment/sides.ts";
import { at, type FailingProcess, type ProcessState, type Site } from "../../environment/site.ts";
import { errnoOf } from "../../errors.ts";
import type { Leader } from "../../processes/group.ts";

/** Tells everybody who reads `run/<side>.json` what becomes of a side. */
export interface Report {
  begin(id: string, release: string): void;
  status(status: ProcessState["status"], reason?: string | null, lastLines?: string[]): void;
  running(name: string, leader: Leader, restarts: number): void;
  gone(name: string): void;
  failing(process: FailingProcess): void;
  recovered(name: string): void;
}

export function createReport(site: Site, side: Side, onError: (error: Error) => void): Report {
  const state = { id: "", release: "", status: "stopped", reason: null, lastLines: [] } as Omit<
    ProcessState,
    "processes" | "failing" | "at"
  >;
  const processes = new Map<string, ProcessState["processes"][number]>();
  const failing = new Map<string, FailingProcess>();
  const write = (change: Partial<ProcessState> = {}) => {
    Object.assign(state, change);
    const full: ProcessState = {
      ...state,
      processes: [...processes.values()],
      failing: [...failing.values()],
      at: new Date().toISOString(),
    };
    try {
      replaceFile(at.processes(site, side), `${JSON.stringify(full, null, 2)}\n`);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") onError(error as Error);
    }
  };
  return {
    begin: (id, release) => write({ id, release, status: "starting", reason: null, lastLines: [] }),
    status: (status, reason = null, lastLines = []) => write({ status, reason, lastLines }),
    running: (name, leader, restarts) => {
      processes.set(name, { name, ...leader, restarts });
      write();
    },
    gone: (name) => {
      if (processes.delete(name)) write();
    },
    failing: (process) => {
      failing.set(process.name, process);
      write();
    },
    recovered: (name) => {
      if (failing.delete(name)) write();
    },
  };
}

// No fsync: after a power cut nothing of this is true any more.
function replaceFile(path: string, content: string): void {
  const temporary = temporaryName(path);
  try {
    writeFileSync(temporary, content, { mode: 0o640 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
