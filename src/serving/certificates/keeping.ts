import type { Emit } from "../../events.ts";
import type { Machine } from "../machine.ts";

/** In whose name, and for how long, certificates are kept. */
export interface Keeping {
  root: string;
  machine: Machine;
  emit: Emit;
  /** Aborted when `greenroom up` ends. */
  signal: AbortSignal;
}
