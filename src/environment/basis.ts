import { isStagedAs } from "./config.ts";
import { readSecret } from "./previews.ts";
import { liveRelease, readState, referenced } from "./state.ts";
import { keptStorage } from "./storage/storage.ts";
import type { Scene } from "./world.ts";

/** What an environment has, for who makes a release for it. */
export interface Basis {
  live: string | null;
  /** On a side, but configured otherwise: no other release of that content can have the name. */
  avoid: string[];
  /** Where there is storage already, also of an environment that was taken off and comes back. */
  storage: string | null;
  /** Of its preview addresses. */
  secret: string | null;
}

export function readBasis({ site, spec }: Pick<Scene, "site" | "spec">): Basis {
  const state = readState(site);
  return {
    live: liveRelease(state),
    avoid: referenced(state).filter((release) => !isStagedAs(site, release, spec)),
    storage: keptStorage(site),
    secret: readSecret(site),
  };
}
