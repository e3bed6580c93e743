import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { ensureDirectory, orNull, writeFileDurably } from "../../disk/durable.ts";
import { at } from "../../environment/site.ts";
import type { ProcessPlan } from "../supervisor/want.ts";
import { confOf, pidOf, prefixOf, programOf, type Supervisord, scriptOf, supervisordAt } from "./places.ts";
import { confValue, shellWord } from "./quote.ts";
import { renderScript } from "./script.ts";

/**
 * Writes what supervisord needs to run a plan, also without us: it starts anew what has ended, and everything when it
 * is started itself. So the file is there exactly as long as the process is wanted.
 */
export function writeProgram(supervisord: Supervisord, plan: ProcessPlan, env: Record<string, string>): void {
  const program = programOf(plan);
  ensureDirectory(supervisordAt.dir(supervisord.root), 0o700);
  ensureDirectory(supervisordAt.scripts(supervisord.root), 0o700);
  const script = renderScript(supervisord, plan, env);
  prepareLog(plan);
  writeFileDurably(scriptOf(supervisord, program), script, 0o600);
  writeFileDurably(confOf(supervisord, program), renderProgram(supervisord, plan), 0o600);
}

// supervisord refuses everything that it is told if the folder of one log isn't there.
function prepareLog({ site, name, side }: ProcessPlan): void {
  const log = at.log(site, `${name}.${side}.log`);
  orNull(() => mkdirSync(dirname(log)), "EEXIST");
  closeSync(openSync(log, "a", 0o640));
}

export function removeProgram(supervisord: Supervisord, program: string): void {
  rmSync(confOf(supervisord, program), { force: true });
  rmSync(scriptOf(supervisord, program), { force: true });
  rmSync(pidOf(supervisord, program), { force: true });
}

export function renderProgram(supervisord: Supervisord, plan: ProcessPlan): string {
  const program = programOf(plan);
  const { drain } = plan.want.spec.serve;
  return `; Written by Greenroom for ${confValue(prefixOf(supervisord.root))}. Changes are lost.
[program:${program}]
command=${confValue(`/usr/bin/env -i /bin/sh ${shellWord(scriptOf(supervisord, program))}`)}
autostart=true
autorestart=true
startsecs=1
startretries=1000000
stopsignal=TERM
stopwaitsecs=${Math.max(1, Math.ceil(drain / 1000))}
stopasgroup=true
killasgroup=true
umask=022
redirect_stderr=true
stdout_logfile=${confValue(at.log(plan.site, `${plan.name}.${plan.side}.log`))}
stdout_logfile_maxbytes=10000000
stdout_logfile_backups=5
`;
}
