import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, GreenroomError } from "../../errors.ts";
import { type Ended, runToEnd } from "../../processes/run.ts";

export interface DnsRecord {
  name: string;
  value: string;
}

/**
 * Has the machine's program set or clear a TXT record. It knows by itself how it gets at its name servers: it is given
 * nothing of what we know. What it prints is passed on only where it fails.
 */
export async function runDnsProgram(
  program: string,
  verb: "set" | "clear",
  { name, value }: DnsRecord,
  timeout: number,
): Promise<void> {
  assertDnsProgram(program);
  const ended = await runToEnd([program, verb, name, value], {
    cwd: "/",
    env: {},
    user: null,
    timeout,
    log: null,
  }).catch((error: unknown) => {
    if (!errnoOf(error)) throw error;
    throw unfit(`${program} can't be run (${errnoOf(error)})`, error);
  });
  const trouble = troubleOf(ended, timeout);
  if (trouble === null) return;
  throw unfit(`${[`${program} ${verb} ${name} ${trouble}`, ...lastWords(ended)].join(": ")}`);
}

/** Throws where it can't be run, or where we are root and somebody else says what it does. */
export function assertDnsProgram(program: string): void {
  const real = realPathOf(program);
  // A symlink on the way could be somebody else's to move.
  if (real !== program) throw unfit(`${program} is ${real}: name it so`);
  if (!statSync(program).isFile()) throw unfit(`${program} is no file`);
  try {
    accessSync(program, constants.X_OK);
  } catch (cause) {
    throw unfit(`${program} isn't executable`, cause);
  }
  if (process.getuid?.() === 0) assertOnlyRootChanges(program);
}

function realPathOf(program: string): string {
  try {
    return realpathSync(program);
  } catch (cause) {
    if (!errnoOf(cause)) throw cause;
    throw unfit(`${program} can't be found (${errnoOf(cause)})`, cause);
  }
}

function assertOnlyRootChanges(path: string): void {
  const stat = statSync(path);
  // In a sticky folder nobody takes away what is another's.
  const isSticky = stat.isDirectory() && (stat.mode & 0o1000) !== 0;
  if (stat.uid !== 0 || ((stat.mode & 0o022) !== 0 && !isSticky)) {
    throw unfit(`others than root can change ${path}, and the program for DNS would run as root`);
  }
  if (path !== "/") assertOnlyRootChanges(dirname(path));
}

function troubleOf({ code, signal, timedOut }: Ended, timeout: number): string | null {
  if (timedOut) return `took more than ${timeout / 1000} seconds`;
  if (code === 0) return null;
  return signal ? `ended by ${signal}` : `failed (exit ${code})`;
}

const LINES = 3;
const LENGTH = 200;

function lastWords({ lastLines }: Ended): string[] {
  const lines = lastLines.filter((line) => line.trim() !== "").slice(-LINES);
  return lines.length === 0 ? [] : [lines.map((line) => line.trim().slice(0, LENGTH)).join(" / ")];
}

function unfit(message: string, cause?: unknown): GreenroomError {
  return new GreenroomError("USAGE", message, {
    hint: "mend the program, or name another: greenroom setup --acme-dns PROGRAM ('' for none)",
    cause,
  });
}
