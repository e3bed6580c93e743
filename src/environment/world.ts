import type { Emit } from "../events.ts";
import type { Store } from "../release/store.ts";
import type { Parts } from "./parts.ts";
import type { Site } from "./site.ts";
import type { EnvironmentSpec } from "./spec.ts";

/** What every operation acts in; tests bring their own clock and parts. */
export interface World {
  root: string;
  store: Store;
  parts: Parts;
  /** user@host, for the journal. */
  by: string;
  now(): Date;
  emit: Emit;
  /** What was promised to other machines, and is being carried out now. */
  intent?: string;
}

/** One operation's surroundings. */
export interface Scene {
  world: World;
  site: Site;
  spec: EnvironmentSpec;
}
