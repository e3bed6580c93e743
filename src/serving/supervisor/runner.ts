import type { Leader } from "../../processes/group.ts";
import type { ProcessPlan } from "./want.ts";

/** How one process is run. What should run, whether it is healthy and what is said of it is decided above. */
export interface Runner {
  /** Its processes go on when `greenroom up` ends, and are found again by the next one. */
  outlives: boolean;
  /** Before anything else: ends what nobody watches or wants any more. */
  open(): Promise<void>;
  /** The plan's process where it runs already, else null. */
  find(plan: ProcessPlan): Promise<Body | null>;
  start(plan: ProcessPlan, env: Record<string, string>): Promise<Body>;
  /** Resolves when nothing of the plan runs, nor will run again by itself. */
  forget(plan: ProcessPlan): Promise<void>;
  close(): Promise<void>;
}

/** A running process group with its output. */
export interface Body {
  /** Null where it had ended before anybody saw it. */
  leader: Leader | null;
  /** Resolves when the leader has ended, with how. */
  exited: Promise<string>;
  lastLines(): string[];
  /** Resolves when all output was read, or after a limit: what outlives the leader may hold its pipes. */
  outputEnded(limit: number): Promise<void>;
  /** Asks it to end, and ends what is left of it after its drain. */
  end(): Promise<void>;
  /** Watches it no longer; what can go on without us does. */
  leave(): void;
}
