import type { Emit } from "../../events.ts";
import type { Leader } from "../../processes/group.ts";
import type { Runner } from "./runner.ts";

/** What all environments of a `greenroom up` share. */
export interface Context {
  /** Everything that runs, for who must end it at once. */
  crew: Set<Leader>;
  emit: Emit;
  runner: Runner;
  /** The address of what is live at a domain. */
  urlOf(domain: string): string;
}

/** A variable that says whose a process is: the root's, and of its `greenroom up`. */
export function markOf(root: string): Record<string, string> {
  return { GREENROOM_UP: root };
}
