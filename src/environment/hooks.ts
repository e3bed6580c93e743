import type { Side } from "./sides.ts";
import type { EnvironmentSpec } from "./spec.ts";
import type { Step } from "./steps.ts";
import { orderTasks } from "./tasks.ts";

export type Phase = "stage" | "check" | "switch" | "rollback" | "canary";

/** The tasks that the user wants run at a moment, what they need first, as steps. */
export function hookSteps(
  spec: EnvironmentSpec,
  moment: `${"before" | "after"}:${Phase}`,
  sides: { live: Side | null; rehearsal: Side },
): Step[] {
  return orderTasks(spec.tasks, spec.hooks[moment] ?? []).map((task) => {
    const side = spec.tasks[task]!.on === "live" ? (sides.live ?? sides.rehearsal) : sides.rehearsal;
    return { do: "task", task, side, moment };
  });
}
