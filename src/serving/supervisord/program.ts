import { closeSync, mkdirSync, openSync, realpathSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { ensureDirectory, orNull, writeFileDurably } from "../../disk/durable.ts";
import { at } from "../../environment/site.ts";
import { GreenroomError } from "../../errors.ts";
import { minimalEnvironment } from "../../processes/launch.ts";
import { planDemotion } from "../../processes/privileges.ts";
import type { ProcessPlan } from "../supervisor/want.ts";
import { confOf, prefixOf, programOf, type Supervisord, scriptOf, supervisordAt } from "./places.ts";
import { confValue, shellWord } from "./quote.ts";

/**
 * Writes what supervisord needs to run a plan, also without us: it starts anew what has ended, and everything when it
 * is started itself. So the file is there exactly as long as the process is wanted.
 */
export function writeProgram(supervisord: Supervisord, plan: ProcessPlan, env: Record<string, string>): void {
  const program = programOf(plan);
  ensureDirectory(supervisordAt.dir(supervisord.root), 0o700);
  ensureDirectory(supervisordAt.scripts(supervisord.root), 0o700);
  const script = renderScript(plan, env);
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

/** A variable that says which supervisord has started a process. */
export const KEEPER = "GREENROOM_KEEPER";

/** What runs in place of the app, then becomes it. Variables are here and not in supervisord's file: no `%` in them. */
export function renderScript(plan: ProcessPlan, env: Record<string, string>): string {
  const { release, spec } = plan.want;
  const { wrapper, identity, home } = planDemotion(spec.serve.user);
  if (identity.uid !== undefined) {
    throw new GreenroomError("TOOL_MISSING", "setpriv isn't installed", { hint: "apt install util-linux" });
  }
  const variables = { ...minimalEnvironment(home), ...plan.env, ...env };
  const argv = [...wrapper, "/bin/sh", "-c", spec.serve.start[plan.name] ?? ""];
  return `# Written by Greenroom. Changes are lost.
${env.SOCKET ? `rm -f -- ${shellWord(env.SOCKET)}` : ":"}
cd -- ${shellWord(realpathSync(at.release(plan.site, release)))} || exit 111
${Object.entries(variables).map(renderVariable).join("\n")}
export ${KEEPER}=$PPID
exec ${argv.map(shellWord).join(" ")}
`;
}

function renderVariable([name, value]: [string, string]): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new GreenroomError("CONFIG_INVALID", `${JSON.stringify(name)} is no name of a variable`);
  }
  return `export ${name}=${shellWord(value)}`;
}
