import { existsSync } from "node:fs";
import { GreenroomError } from "../errors.ts";
import { usualAccount } from "../processes/account.ts";
import { runToEnd } from "../processes/run.ts";
import type { Side } from "./sides.ts";
import { at, siteName } from "./site.ts";
import type { EnvironmentSpec } from "./spec.ts";
import { readState } from "./state.ts";
import type { Scene } from "./world.ts";

/** A task and all that it needs, each once, needs first. */
export function orderTasks(tasks: EnvironmentSpec["tasks"], names: string[]): string[] {
  const ordered: string[] = [];
  const visit = (name: string) => {
    if (ordered.includes(name)) return;
    for (const need of tasks[name]!.needs) visit(need);
    ordered.push(name);
  };
  names.forEach(visit);
  return ordered;
}

/** Runs one task in a side's release; what it needs has run before. */
export async function runTask(scene: Scene, name: string, side: Side, url: string): Promise<void> {
  const { site, spec, world } = scene;
  const task = spec.tasks[name]!;
  const log = at.log(site, `task-${name}.log`);
  const outcome = await runToEnd(task.run, {
    cwd: existsSync(at.side(site, side)) ? at.side(site, side) : site.dir,
    env: { ...spec.env, ...taskVariables(scene, side, url) },
    user: taskAccount(scene),
    timeout: task.timeout,
    log,
    onLine: (text) => world.emit({ event: "line", source: name, text }),
  });
  if (outcome.code === 0 && !outcome.timedOut) return;
  const how = outcome.timedOut
    ? `ran out of its ${task.timeout / 1000} s`
    : `ended with ${outcome.code ?? outcome.signal}`;
  throw new GreenroomError("TASK_FAILED", `task ${name} of ${siteName(site)} ${how}`, {
    hint: `its whole output: ${log}`,
    detail: outcome.lastLines,
  });
}

/** Whom tasks run as; null: ourselves. Static sites have no programs besides, and so no account of their own. */
export function taskAccount({ spec: { serve }, world }: Scene): string | null {
  return serve.kind === "static" ? usualAccount(world.root, ["nobody"]) : serve.user;
}

function taskVariables({ site, world }: Scene, side: Side, url: string): Record<string, string> {
  return {
    GREENROOM_PROJECT: site.project,
    GREENROOM_ENVIRONMENT: site.environment,
    GREENROOM_SIDE: side,
    GREENROOM_RELEASE: readState(site).sides[side] ?? "",
    GREENROOM_URL: url,
    GREENROOM_SOCKET: at.socket(site, side),
    GREENROOM_ROOT: world.root,
  };
}
