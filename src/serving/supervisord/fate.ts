import type { Supervisord } from "./places.ts";
import { call } from "./rpc.ts";

/** How a program ended last, from supervisord's log: where it was started again its state doesn't tell any more. */
export async function readFate(supervisord: Supervisord, program: string, name: string): Promise<string> {
  const log = await call(supervisord, "supervisor.readLog", -LOOK_BACK, 0).catch(() => "");
  const line = String(log)
    .split("\n")
    .reverse()
    .find((one) => isEndOf(program, one));
  const [, code] = /exit status (\d+)/.exec(line ?? "") ?? [];
  if (code !== undefined) return `${name} ended with exit code ${code}`;
  const [, signal] = /terminated by (\w+)/.exec(line ?? "") ?? [];
  return signal ? `${name} was ended by ${signal}` : `${name} has ended`;
}

const LOOK_BACK = 16_384;

function isEndOf(program: string, line: string): boolean {
  return line.includes(`exited: ${program} (`) || line.includes(`stopped: ${program} (`);
}
