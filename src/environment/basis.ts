import { isStagedAs } from "./config.ts";
import { liveRelease, readState, referenced } from "./state.ts";
import type { Scene } from "./world.ts";

/** What an environment has, for who makes a release for it. */
export interface Basis {
  live: string | null;
  /** On a side, but configured otherwise: no other release of that content can have the name. */
  avoid: string[];
}

export function readBasis({ site, spec }: Pick<Scene, "site" | "spec">): Basis {
  const state = readState(site);
  return {
    live: liveRelease(state),
    avoid: referenced(state).filter((release) => !isStagedAs(site, release, spec)),
  };
}
