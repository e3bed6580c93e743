import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { build } from "rolldown";
import { onTestFinished } from "vitest";

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "greenroom-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  limit = 20_000,
): Promise<NonNullable<T>> {
  const end = Date.now() + limit;
  for (;;) {
    const seen = await look();
    if (seen) return seen as NonNullable<T>;
    if (Date.now() > end) throw new Error(`it never came to this: ${what}`);
    await pause(10);
  }
}

/** Turns a program in TypeScript, which may import from `src/…`, into a file that Node runs. */
export async function compile(source: string): Promise<string> {
  const folder = temporaryFolder();
  const input = join(folder, "program.ts");
  writeFileSync(input, source.replaceAll('"src/', `"${resolve("src")}/`));
  const file = join(folder, "program.mjs");
  await build({
    input,
    platform: "node",
    output: { file, format: "esm", codeSplitting: false },
    logLevel: "silent",
  });
  return file;
}

export interface Program {
  child: ChildProcess;
  /** What it has written so far, errors included. */
  output(): string;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** Ends with the test that started it. */
export function runProgram(file: string, args: string[] = [], env: NodeJS.ProcessEnv = process.env): Program {
  const child = spawn(process.execPath, [file, ...args], { stdio: ["pipe", "pipe", "pipe"], env });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  const exited = once(child, "exit").then(([code, signal]) => ({ code, signal }));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  return { child, output: () => output, exited };
}

/** A dead process that nobody has reaped yet isn't alive. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync("/proc/self/stat") || !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
