import { spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from "node:fs";
import { errnoOf, GreenroomError } from "../errors.ts";
import { orNull } from "./durable.ts";

export interface Lock {
  release(): void;
}

/** Who has it: what the holder said of itself, null where that can't be read. */
export interface Held {
  heldBy: object | null;
}

/**
 * Takes the lock or says who has it, without waiting. It belongs to this process alone, not to its children,
 * and the kernel frees it when this process dies. Holders of a shared lock leave no word of themselves.
 */
export function tryLock(path: string, info: object, { shared = false } = {}): Lock | Held {
  for (;;) {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644);
    let taken = false;
    try {
      if (!flock(fd, shared)) return { heldBy: readHolder(path) };
      if (!isStillThere(fd, path)) continue;
      if (!shared) writeHolder(fd, info);
      taken = true;
      return { release: once(() => closeSync(fd)) };
    } finally {
      if (!taken) closeSync(fd);
    }
  }
}

export function isHeld(result: Lock | Held): result is Held {
  return "heldBy" in result;
}

/** Looks by taking a shared lock for a moment: somebody who tries at that moment for an exclusive one is refused. */
export function isLocked(path: string): boolean {
  if (!orNull(() => statSync(path), "ENOENT", "ENOTDIR")) return false;
  const result = tryLock(path, {}, { shared: true });
  if (isHeld(result)) return true;
  result.release();
  return false;
}

// The lock belongs to the open file description that the helper shares with us, so it stays ours when the helper
// ends; Node opens files close-on-exec, so no other child of ours gets it.
function flock(fd: number, shared: boolean): boolean {
  const tools: [string, string[]][] = [
    ["flock", ["--nonblock", shared ? "--shared" : "--exclusive", "3"]],
    ["perl", ["-MFcntl=:flock", "-e", perlScript(shared)]],
  ];
  for (const [command, args] of tools) {
    const { status, error } = spawnSync(command, args, { stdio: ["ignore", "ignore", "ignore", fd] });
    if (errnoOf(error) === "ENOENT") continue;
    if (error) throw error;
    if (status === 0 || status === 1) return status === 0;
    throw new GreenroomError("TOOL_MISSING", `${command} could not lock a file (status ${status})`, {
      hint: "greenroom doctor",
    });
  }
  throw new GreenroomError("TOOL_MISSING", "neither flock nor perl is installed, one is needed for locks", {
    hint: "apt-get install util-linux",
  });
}

function perlScript(shared: boolean): string {
  const mode = shared ? "LOCK_SH" : "LOCK_EX";
  return `open(my $f, "+<&=", 3) or exit 2; exit(flock($f, ${mode}|LOCK_NB) ? 0 : 1)`;
}

/** Whoever locks a file that was removed meanwhile locks nothing: the next one gets a new file. */
function isStillThere(fd: number, path: string): boolean {
  const there = orNull(() => statSync(path), "ENOENT", "ENOTDIR");
  const ours = fstatSync(fd);
  return there !== null && there.ino === ours.ino && there.dev === ours.dev;
}

// The lock holds without a word, too: on a full disk it must still be possible to make room.
function writeHolder(fd: number, info: object): void {
  ftruncateSync(fd, 0);
  orNull(() => writeSync(fd, `${JSON.stringify(info)}\n`, 0), "ENOSPC", "EDQUOT");
}

function readHolder(path: string): object | null {
  try {
    const holder: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof holder === "object" ? holder : null;
  } catch {
    return null;
  }
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}
