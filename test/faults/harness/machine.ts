import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTree } from "../../../src/disk/remove.ts";

/** All points instead of a sample. */
export const LONG = process.env.GREENROOM_FAULTS === "long";

export const ROOT = process.getuid?.() === 0;

/** Where a sample begins; the same seed takes the same sample. */
export const SEED = Number(process.env.GREENROOM_FAULTS_SEED ?? Date.now() % 1000);

/** Null where the program is there, else why its tests are skipped. */
export function lacks(program: string, args = ["--version"]): string | null {
  return spawnSync(program, args, { stdio: "ignore" }).error ? `${program} isn't installed` : null;
}

/** Null where system calls can be injected into. */
export function lacksStrace(): string | null {
  const tried = spawnSync("strace", ["-qq", "-e", "trace=fsync", "true"]);
  if (tried.error) return "strace isn't installed";
  return tried.status === 0 ? null : "strace can't trace here";
}

export interface Bench {
  dir: string;
  remove(): void;
}

/** A folder for many small worlds. In memory where it can be: thousands of runs sync what they write. */
export function openBench(): Bench {
  const dir = mkdtempSync(join(inMemory() ?? tmpdir(), "greenroom-faults-"));
  return { dir, remove: () => removeTree(dir) };
}

function inMemory(): string | null {
  try {
    accessSync("/dev/shm", constants.W_OK);
    const { bavail, bsize } = statfsSync("/dev/shm");
    return bavail * bsize > 256e6 ? "/dev/shm" : null;
  } catch {
    return null;
  }
}
