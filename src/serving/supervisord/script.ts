import { realpathSync } from "node:fs";
import { at } from "../../environment/site.ts";
import { GreenroomError } from "../../errors.ts";
import { minimalEnvironment } from "../../processes/launch.ts";
import { planDemotion } from "../../processes/privileges.ts";
import { veil } from "../../processes/veil.ts";
import type { ProcessPlan } from "../supervisor/want.ts";
import { renderAdoption } from "./adoption.ts";
import { pidOf, programOf, type Supervisord } from "./places.ts";
import { shellWord } from "./quote.ts";

/** A variable that says which supervisord has started a process. */
export const KEEPER = "GREENROOM_KEEPER";

/** And one that tells a program's processes from whatever has their pids later. */
const PROGRAM = "GREENROOM_PROGRAM";

/** What runs in place of the app, then becomes it. Variables are here and not in supervisord's file: no `%` in them. */
export function renderScript(
  supervisord: Supervisord,
  plan: ProcessPlan,
  env: Record<string, string>,
): string {
  const { release, spec } = plan.want;
  const program = programOf(plan);
  const { wrapper, identity, home } = planDemotion(spec.serve.user);
  if (identity.uid !== undefined) {
    throw new GreenroomError("TOOL_MISSING", "setpriv isn't installed", { hint: "apt install util-linux" });
  }
  const line = ["/bin/sh", "-c", spec.serve.start[plan.name] ?? ""];
  const late = veil(wrapper, line, { ...plan.env, ...env });
  const variables = { ...minimalEnvironment(home), ...late.env };
  return `# Written by Greenroom. Changes are lost.
${endBefore(pidOf(supervisord, program), program, plan)}
${env.SOCKET ? prepareSocket(plan, env.SOCKET) : ""}
cd -- ${shellWord(realpathSync(at.release(plan.site, release)))} || exit 111
${Object.entries(variables).map(renderVariable).join("\n")}
export ${PROGRAM}=${shellWord(program)} ${KEEPER}=$PPID
exec ${late.argv.map(shellWord).join(" ")}
`;
}

// What is left of a socket would be in the way of a new one.
function prepareSocket({ site, side, want }: ProcessPlan, socket: string): string {
  const { user } = want.spec.serve;
  const removal = `rm -f -- ${shellWord(socket)}`;
  if (user === null || socket === at.socket(site, side)) return removal;
  return `${removal}\n${renderAdoption({ site, side, user, socket })}`;
}

// A supervisord that was killed leaves its processes behind, and a leader that was killed its group; what is started
// next would be beside them: two workers on one queue. So it ends the group before, where that is what it was.
function endBefore(file: string, program: string, { want }: ProcessPlan): string {
  const mark = shellWord(`${PROGRAM}=${program}`);
  return `before=
{ read -r before < ${shellWord(file)}; } 2>/dev/null
is_ours() {
  for environ in $(grep -lszFx -e ${mark} /proc/[0-9]*/environ); do
    set -- $(sed 's/.*) //' "\${environ%/environ}/stat" 2>/dev/null)
    [ "$3" = "$before" ] && return 0
  done
  return 1
}
if [ -n "$before" ] && kill -s 0 -- "-$before" 2>/dev/null && is_ours; then
  kill -s TERM -- "-$before"
  left=${Math.ceil(want.spec.serve.drain / 100)}
  while [ "$left" -gt 0 ] && kill -s 0 -- "-$before" 2>/dev/null; do sleep 0.1; left=$((left - 1)); done
  kill -s KILL -- "-$before" 2>/dev/null
fi
echo "$$" > ${shellWord(file)}`;
}

function renderVariable([name, value]: [string, string]): string {
  return `export ${name}=${shellWord(value)}`;
}
