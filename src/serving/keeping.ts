import type { Emit } from "../events.ts";
import type { Machine } from "./machine.ts";

/** What `greenroom up` looks after while it runs: of which root, and for how long. */
export interface Keeping {
  root: string;
  machine: Machine;
  emit: Emit;
  /** Aborted when `greenroom up` ends. */
  signal: AbortSignal;
}
