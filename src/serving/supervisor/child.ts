import type { ChildProcess } from "node:child_process";
import { realpathSync } from "node:fs";
import type { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { at } from "../../environment/site.ts";
import { endGroup, leaderOf } from "../../processes/group.ts";
import { launch } from "../../processes/launch.ts";
import { keepLast, splitLines } from "../../processes/lines.ts";
import { type Log, openLog } from "./log.ts";
import type { Body } from "./runner.ts";
import type { ProcessPlan } from "./want.ts";

/** A process as a child of ours, which ends with us. */
export function startChild(
  plan: ProcessPlan,
  env: Record<string, string>,
  onTrouble: (error: Error) => void,
): Body {
  const { release, spec } = plan.want;
  const child = launch(spec.serve.start[plan.name] ?? "", {
    cwd: realpathSync(at.release(plan.site, release)),
    env: { ...plan.env, ...env },
    user: spec.serve.user,
  });
  const leader = leaderOf(child.pid ?? 0);
  const log = openLog(at.log(plan.site, `${plan.name}.${plan.side}.log`), onTrouble);
  const exited = fateOf(plan.name, child);
  const last = keepLast(20);
  const read = Promise.all([follow(child.stdout, log, last.add), follow(child.stderr, log, last.add)]);
  const outputEnded = async (limit: number) => {
    await Promise.race([read, pause(limit, null, { ref: false })]);
  };
  const end = async () => {
    await endGroup(leader, spec.serve.drain);
    await Promise.race([exited, outputEnded(PIPES)]);
    await outputEnded(PIPES);
    child.stdout?.destroy();
    child.stderr?.destroy();
    await log.close();
  };
  return { leader, exited, outputEnded, end, lastLines: last.lines, leave: () => {} };
}

/** How long pipes may stay open after the end, held by what has left the group. */
const PIPES = 500;

function fateOf(name: string, child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(`${name} could not be started: ${error.message}`));
    child.once("exit", (code, signal) =>
      resolve(signal ? `${name} was ended by ${signal}` : `${name} ended with exit code ${code}`),
    );
  });
}

async function follow(stream: Readable | null, log: Log, onLine: (line: string) => void): Promise<void> {
  const lines = splitLines(onLine);
  try {
    for await (const chunk of stream ?? []) {
      lines.push(chunk);
      await log.append(chunk);
    }
  } catch {
    // We closed the pipe ourselves.
  }
  lines.end();
}
