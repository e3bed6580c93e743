import { realpathSync } from "node:fs";
import { at } from "../../environment/site.ts";
import { GreenroomError } from "../../errors.ts";
import { minimalEnvironment } from "../../processes/launch.ts";
import { planDemotion } from "../../processes/privileges.ts";
import { markOf } from "../supervisor/context.ts";
import type { ProcessPlan } from "../supervisor/want.ts";
import { pidOf, programOf, type Supervisord } from "./places.ts";
import { shellWord } from "./quote.ts";

/** A variable that says which supervisord has started a process. */
export const KEEPER = "GREENROOM_KEEPER";

/** What runs in place of the app, then becomes it. Variables are here and not in supervisord's file: no `%` in them. */
export function renderScript(
  supervisord: Supervisord,
  plan: ProcessPlan,
  env: Record<string, string>,
): string {
  const { release, spec } = plan.want;
  const { wrapper, identity, home } = planDemotion(spec.serve.user);
  if (identity.uid !== undefined) {
    throw new GreenroomError("TOOL_MISSING", "setpriv isn't installed", { hint: "apt install util-linux" });
  }
  const variables = { ...minimalEnvironment(home), ...plan.env, ...env };
  const argv = [...wrapper, "/bin/sh", "-c", spec.serve.start[plan.name] ?? ""];
  return `# Written by Greenroom. Changes are lost.
${endOrphan(pidOf(supervisord, programOf(plan)), plan)}
${env.SOCKET ? `rm -f -- ${shellWord(env.SOCKET)}` : ":"}
cd -- ${shellWord(realpathSync(at.release(plan.site, release)))} || exit 111
${Object.entries(variables).map(renderVariable).join("\n")}
export ${KEEPER}=$PPID
exec ${argv.map(shellWord).join(" ")}
`;
}

// A supervisord that was killed leaves its processes behind, and the next one starts others beside them: two workers
// on one queue. So who is started ends the one before, where that is still there and is what it was.
function endOrphan(file: string, { site, want }: ProcessPlan): string {
  const [mark] = Object.entries(markOf(site.root)).map(([name, value]) => `${name}=${value}`);
  return `before=
{ read -r before < ${shellWord(file)}; } 2>/dev/null
if [ -n "$before" ] && grep -qzFx -e ${shellWord(mark ?? "")} "/proc/$before/environ" 2>/dev/null; then
  kill -s TERM -- "-$before"
  left=${Math.ceil(want.spec.serve.drain / 100)}
  while [ "$left" -gt 0 ] && kill -s 0 -- "-$before" 2>/dev/null; do sleep 0.1; left=$((left - 1)); done
  kill -s KILL -- "-$before" 2>/dev/null
fi
echo "$$" > ${shellWord(file)}`;
}

function renderVariable([name, value]: [string, string]): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new GreenroomError("CONFIG_INVALID", `${JSON.stringify(name)} is no name of a variable`);
  }
  return `export ${name}=${shellWord(value)}`;
}
