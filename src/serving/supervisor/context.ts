import type { Emit } from "../../events.ts";
import type { Leader } from "../../processes/group.ts";

/** What all environments of a `greenroom up` share. */
export interface Context {
  /** Everything that runs, for who must end it at once. */
  crew: Set<Leader>;
  emit: Emit;
  /** The address of what is live at a domain. */
  urlOf(domain: string): string;
}
