import type { EnvironmentSpec } from "../environment/spec.ts";
import { taskAccount } from "../environment/tasks.ts";
import type { Scene } from "../environment/world.ts";
import { GreenroomError } from "../errors.ts";
import { ownAccountName } from "../processes/own-account.ts";

/**
 * Who may call operations and nothing else must get no further by them: programs run as an account that the machine
 * chooses, and never as root, which could lift the restriction.
 */
export function assertModest(wanted: EnvironmentSpec, scene: Scene): void {
  if (process.getuid?.() !== 0) return;
  const { serve, project, environment, tasks } = wanted;
  const asked = serve.kind === "static" ? null : serve.user;
  if (asked !== null && asked !== ownAccountName(project, environment)) {
    throw refused(`"user": "${asked}"`);
  }
  const runs = serve.kind !== "static" || Object.keys(tasks).length > 0;
  if (runs && taskAccount(scene) === null) throw refused("programs run as root");
}

function refused(what: string): GreenroomError {
  return new GreenroomError("CALL_REFUSED", `a restricted key can't have ${what} here`, {
    hint: "leave out serve.user, keep the root where other accounts reach it, or deploy by another key",
  });
}
