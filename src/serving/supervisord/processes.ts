import { setTimeout as pause } from "node:timers/promises";
import { GreenroomError } from "../../errors.ts";
import type { Supervisord } from "./places.ts";
import { removeProgram } from "./program.ts";
import { call, callUnless, FAULT, RpcFault } from "./rpc.ts";

/** What supervisord says of one program. */
export interface Info {
  name: string;
  group: string;
  statename: "STOPPED" | "STARTING" | "RUNNING" | "BACKOFF" | "STOPPING" | "EXITED" | "FATAL" | "UNKNOWN";
  pid: number;
  exitstatus: number;
  spawnerr: string;
}

/** Null where it doesn't know the program. */
export async function readInfo(supervisord: Supervisord, program: string): Promise<Info | null> {
  const info = await callUnless([FAULT.badName], supervisord, "supervisor.getProcessInfo", program);
  return info as Info | null;
}

export async function listInfos(supervisord: Supervisord, prefix: string): Promise<Info[]> {
  const all = (await call(supervisord, "supervisor.getAllProcessInfo")) as unknown as Info[];
  return all.filter(({ name }) => name.startsWith(prefix));
}

/** Makes supervisord take up the program's file, and start it now whatever pause it is in. */
export async function startProgram(supervisord: Supervisord, program: string): Promise<Info> {
  const known = await readInfo(supervisord, program);
  if (!known) await addProgram(supervisord, program);
  if (known?.statename === "BACKOFF") await stopNow(supervisord, program);
  const tolerated = [FAULT.alreadyStarted, FAULT.spawnError];
  await callUnless(tolerated, supervisord, "supervisor.startProcess", program, false);
  const info = await readInfo(supervisord, program);
  if (info) return info;
  throw new GreenroomError("SUPERVISOR_REFUSED", `supervisord has lost ${program}`, { hint: "greenroom up" });
}

async function addProgram(supervisord: Supervisord, program: string): Promise<void> {
  try {
    await call(supervisord, "supervisor.reloadConfig");
    await callUnless([FAULT.alreadyAdded], supervisord, "supervisor.addProcessGroup", program);
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error;
    throw new GreenroomError(
      "SUPERVISOR_REFUSED",
      `supervisord refuses its configuration: ${error.message}`,
      {
        hint: "mend what it names, then give the command again",
        cause: error,
      },
    );
  }
}

export async function stopNow(supervisord: Supervisord, program: string): Promise<void> {
  const tolerated = [FAULT.notRunning, FAULT.badName];
  await callUnless(tolerated, supervisord, "supervisor.stopProcess", program, false);
}

/** Ends a program for good. supervisord itself kills what doesn't end in its time. */
export async function dropProgram(supervisord: Supervisord, program: string): Promise<void> {
  // First its file: a supervisord that is started anew meanwhile must not start it again.
  removeProgram(supervisord, program);
  await stopNow(supervisord, program);
  for (;;) {
    const info = await readInfo(supervisord, program);
    if (!info) return;
    if (info.pid === 0) {
      const tolerated = [FAULT.stillRunning, FAULT.badName];
      if ((await callUnless(tolerated, supervisord, "supervisor.removeProcessGroup", program)) === true)
        return;
    }
    await pause(50);
  }
}
