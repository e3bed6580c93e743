import type { Emit } from "../events.ts";
import { readMachine } from "./machine.ts";
import { createChildRunner } from "./supervisor/children.ts";
import type { Runner } from "./supervisor/runner.ts";
import { supervisordOf } from "./supervisord/places.ts";
import { createSupervisordRunner } from "./supervisord/runner.ts";

/** What this machine was set up to run processes by, for `greenroom up`. */
export function createRunner(root: string, emit: Emit): Runner {
  const { supervisor, unprivileged } = readMachine(root);
  if (supervisor === "embedded") return createChildRunner(root, emit);
  return createSupervisordRunner(supervisordOf(root, unprivileged), emit);
}
