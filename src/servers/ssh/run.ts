import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errnoOf } from "../../errors.ts";

export interface Ended {
  code: number | null;
  stdout: string;
  /** Of both its outputs, in the order in which they came. */
  lastLines: string[];
}

export interface Input {
  /** What it reads; nothing unless told. */
  input?: Readable;
  onLine?: (line: string) => void;
}

/** Gives a program its input, and hears it to its end. */
export async function runToEnd(child: ChildProcess, { input, onLine }: Input): Promise<Ended> {
  const ended = once(child, "close") as Promise<[number | null]>;
  const lastLines: string[] = [];
  let stdout = "";
  const hear = (stream: Readable, keep: (line: string) => void) =>
    createInterface({ input: stream }).on("line", (line) => {
      keep(line);
      lastLines.push(line);
      if (lastLines.length > LAST) lastLines.shift();
      onLine?.(line);
    });
  hear(child.stdout!, (line) => {
    stdout += `${line}\n`;
  });
  hear(child.stderr!, () => {});
  child.stdin!.on("error", () => {});
  if (input) await pipeline(input, child.stdin!).catch(passOver);
  else child.stdin!.end();
  const [code] = await ended;
  return { code, stdout, lastLines };
}

const LAST = 20;

/** Who ends before it has read all says by its exit code whether that was right. */
function passOver(error: unknown): void {
  if (!["EPIPE", "ERR_STREAM_PREMATURE_CLOSE"].includes(errnoOf(error) ?? "")) throw error;
}
