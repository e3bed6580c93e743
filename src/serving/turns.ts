import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ensureDirectory } from "../disk/durable.ts";
import { isHeld, type Lock, tryLock } from "../disk/lock.ts";
import { GreenroomError } from "../errors.ts";

/** One change of a program's configuration at a time: what it refuses of one environment must not be held against another. */
export async function takeTurn(path: string, what: string): Promise<Lock> {
  ensureDirectory(dirname(path));
  for (let waited = 0; waited < PATIENCE; waited += 20) {
    const lock = tryLock(path, { pid: process.pid });
    if (!isHeld(lock)) return lock;
    await pause(20);
  }
  throw new GreenroomError("LOCKED", `${what}'s configuration is being changed by another operation`, {
    hint: "try again when it has ended",
  });
}

const PATIENCE = 20_000;
