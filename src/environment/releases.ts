import { listHeads, type Store } from "../release/store.ts";
import type { Site } from "./site.ts";
import { liveRelease, readState, rehearsalRelease } from "./state.ts";

export type ListedRelease = ReturnType<typeof listReleases>[number];

/** The releases of an environment's project that its machine has. */
export function listReleases(site: Site, store: Store) {
  const state = readState(site);
  const marksOf = (version: string) => [
    ...(version === liveRelease(state) ? ["live"] : []),
    ...(version === rehearsalRelease(state) ? ["rehearsal"] : []),
    ...(state.bad.includes(version) ? ["bad"] : []),
  ];
  return listHeads(store, site.project).map(({ version, created, files, bytes, source }) => ({
    version,
    created,
    files,
    bytes,
    source,
    /** Its tree is there; else it can be brought back from the store. */
    onDisk: state.releases.includes(version),
    marks: marksOf(version),
  }));
}
