import { type IncomingMessage, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { errnoOf } from "../../errors.ts";
import type { Target } from "./endpoint.ts";

export interface Health {
  target: Target;
  path: string;
  /** The Host that the request carries. */
  host: string;
}

/** Asks once. Null when the answer is 2xx or 3xx, else what came instead, in words. Never rejects. */
export async function probe(
  health: Health,
  patience = PATIENCE,
  signal?: AbortSignal,
): Promise<string | null> {
  try {
    return await ask(health, patience, signal);
  } catch (error) {
    return `GET ${health.path} can't be asked: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function ask(
  { target, path, host }: Health,
  patience: number,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  return new Promise((resolve) => {
    const headers = { host, "user-agent": "greenroom", connection: "close" };
    const asked = request({ ...target, path, headers, agent: false, signal });
    const timer = setTimeout(() => {
      resolve(`GET ${path} got no answer in ${Math.round(patience) / 1000} s`);
      asked.destroy();
    }, patience);
    asked.once("response", (response) => {
      response.on("error", () => {}).resume();
      resolve(judge(response, path));
    });
    asked.on("error", (error) => resolve(describe(error, target)));
    asked.once("close", () => clearTimeout(timer));
    asked.end();
  });
}

const PATIENCE = 5_000;

/** Asks again and again. Null as soon as it is healthy, else what it saw last when the time was up. */
export async function untilHealthy(
  health: Health,
  { within, signal, before }: { within: number; signal: AbortSignal; before: () => void },
): Promise<string | null> {
  const end = performance.now() + within;
  let saw: string | null = "it was never asked";
  for (let wait = 10; performance.now() < end && !signal.aborted; wait = Math.min(wait * 1.5, 250)) {
    before();
    saw = await probe(health, Math.min(PATIENCE, end - performance.now()), signal);
    if (saw === null) return null;
    await pause(wait, undefined, { signal }).catch(() => {});
  }
  return saw;
}

function judge({ statusCode = 0 }: IncomingMessage, path: string): string | null {
  return statusCode >= 200 && statusCode < 400 ? null : `GET ${path} answered ${statusCode}`;
}

function describe(error: Error, target: Target): string {
  const where = "socketPath" in target ? "the socket in $SOCKET" : `127.0.0.1:${target.port} ($PORT)`;
  const code = errnoOf(error);
  if (code === "ENOENT" || code === "ECONNREFUSED") return `nothing listens on ${where}`;
  return `${where} answered with ${error.message}`;
}
