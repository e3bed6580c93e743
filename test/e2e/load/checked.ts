import { spawn } from "node:child_process";
import { resolve } from "node:path";

export interface Target {
  port: number;
  /** With a %d in it where there are more than one. */
  host: string;
  hosts?: number;
  path?: string;
  method?: "GET" | "POST";
}

/** What 64 kept connections got, each of which asks again as soon as it has been answered. */
export interface Checked {
  answered: number;
  /** Another status than 200. */
  status: number;
  /** A body of two releases, or of another than its ETag is of. */
  mixed: number;
  /** Connections refused; closed or reset while a request was on them, by the side that it was noticed on. */
  connect: number;
  read: number;
  write: number;
  /** Answers that took more than a minute. */
  timeout: number;
  p50: number;
  p99: number;
  /** Answers by the line that they consist of. */
  releases: Record<string, number>;
}

/** Asks all the while that `act` takes. */
export async function checkedLoad(target: Target, act: () => Promise<unknown>): Promise<Checked> {
  const { port, host, hosts = 1, path = "/", method = "GET" } = target;
  const url = `http://127.0.0.1:${port}${path}`;
  const args = ["-t1", "-c64", "-d1h", "--timeout", "60s", "-s", resolve("test/e2e/load/checked.lua")];
  const child = spawn("wrk", [...args, url, "--", method, host, String(hosts)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    await act();
  } finally {
    child.kill("SIGINT");
    await ended;
  }
  const result = /^checked: (.*)$/m.exec(said)?.[1];
  if (!result) throw new Error(`wrk measured nothing: ${said}`);
  return JSON.parse(result) as Checked;
}

export function failedOf({ status, timeout, ...seen }: Checked): number {
  return status + timeout + socketErrorsOf(seen);
}

/** A connection that went while a request was on it: whoever sent that one got no answer. */
export function socketErrorsOf({
  connect,
  read,
  write,
}: Pick<Checked, "connect" | "read" | "write">): number {
  return connect + read + write;
}
