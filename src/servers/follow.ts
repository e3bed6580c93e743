import { setTimeout as pause } from "node:timers/promises";
import type { Cursors, LogLine } from "../environment/logs/log-lines.ts";
import type { EnvironmentSpec } from "../environment/spec.ts";
import { type ErrorCode, GreenroomError } from "../errors.ts";
import type { Host } from "./host.ts";
import type { Patience } from "./ssh/line.ts";

export interface Following {
  spec: EnvironmentSpec;
  /** How many lines of before are told first. */
  last: number;
  open(name: string, patience: Patience): Promise<Host>;
  onLines(server: string, lines: LogLine[]): void;
  onTrouble(text: string): void;
  signal: AbortSignal;
}

/**
 * Tells what is added to the logs of servers until the signal. One that goes away is said, and tried again: it goes on
 * where it was. Rejects once none of them can ever be asked.
 */
export async function follow(servers: string[], following: Following): Promise<void> {
  const ends = await Promise.allSettled(servers.map((name) => followOne(name, following)));
  const failed = ends.filter((end) => end.status === "rejected");
  if (failed.length > 0 && failed.length === ends.length) throw failed[0]!.reason as unknown;
}

const PATIENCE: Patience = { connect: 5, whole: null };
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;

async function followOne(name: string, following: Following): Promise<void> {
  const { signal, onTrouble } = following;
  const reading = { cursors: null as Cursors | null, wait: FIRST_WAIT, said: false };
  while (!signal.aborted) {
    try {
      await readOn(name, following, reading);
    } catch (error) {
      if (signal.aborted) return;
      if (!reading.said) onTrouble(wordsOf(name, error));
      reading.said = true;
      if (!mayPass(error)) throw error;
    }
    await pause(reading.wait, null, { signal }).catch(() => {});
    reading.wait = Math.min(reading.wait * 2, LONGEST_WAIT);
  }
}

/** How often logs are looked at. */
const LOOK = 500;

async function readOn(
  name: string,
  { spec, last, open, onLines, onTrouble, signal }: Following,
  reading: { cursors: Cursors | null; wait: number; said: boolean },
): Promise<void> {
  const host = await open(name, PATIENCE);
  const drop = () => host.drop();
  signal.addEventListener("abort", drop);
  try {
    while (!signal.aborted) {
      const { lines, cursors, more } = await host.lines(spec, last, reading.cursors);
      if (reading.said) onTrouble(`${name} answers again`);
      Object.assign(reading, { cursors, wait: FIRST_WAIT, said: false });
      onLines(name, lines);
      if (!more) await pause(LOOK, null, { signal }).catch(() => {});
    }
  } finally {
    signal.removeEventListener("abort", drop);
    host.drop();
    await host.close();
  }
}

/** What may be otherwise in a while. */
const PASSING = new Set<ErrorCode>(["SERVER_UNREACHABLE", "LINE_CUT"]);

function mayPass(error: unknown): boolean {
  return error instanceof GreenroomError && PASSING.has(error.code);
}

function wordsOf(name: string, error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return mayPass(error) ? `${words}; ${name} is tried again` : words;
}
