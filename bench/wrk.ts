import { spawn } from "node:child_process";

export interface Load {
  /** Requests a second. */
  rate: number;
  /** Milliseconds. */
  p99: number;
  answered: number;
  failed: number;
}

/** 64 kept connections, by a program that takes less of the machine than what it measures. */
export async function load(target: {
  port: number;
  host: string;
  path: string;
  seconds: number;
}): Promise<Load> {
  const url = `http://127.0.0.1:${target.port}${target.path}`;
  const args = ["-t1", "-c64", `-d${target.seconds}s`, "--latency", "-H", `Host: ${target.host}`, url];
  const child = spawn("wrk", args, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) said += chunk;
  const number = (pattern: RegExp) => Number(pattern.exec(said)?.[1] ?? 0);
  const [, p99 = "0", unit = "ms"] = /99%\s+([\d.]+)(us|ms|s)/.exec(said) ?? [];
  const [, ...broken] = /connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(said) ?? [];
  const failed =
    number(/Non-2xx or 3xx responses: (\d+)/) + broken.reduce((sum, one) => sum + Number(one), 0);
  const answered = number(/(\d+) requests in/);
  if (answered === 0) throw new Error(`wrk measured nothing: ${said}`);
  return {
    rate: number(/Requests\/sec:\s+([\d.]+)/),
    p99: Number(p99) * UNITS[unit as keyof typeof UNITS],
    answered,
    failed,
  };
}

const UNITS = { us: 0.001, ms: 1, s: 1000 };
