import { liveRelease, readState, rehearsalRelease } from "../environment/state.ts";
import type { Scene } from "../environment/world.ts";
import type { ManifestHead } from "../release/manifest.ts";
import { listHeads } from "../release/store.ts";

type Shown = Pick<ManifestHead, "version" | "created" | "files" | "bytes" | "source">;

/** A release of a machine's store, and what an environment there makes of it. */
export interface Stocked extends Shown {
  /** Its tree is there; else it can be brought back from the store. */
  onDisk: boolean;
  marks: string[];
}

/** A project's releases, the newest first. */
export function stockOf({ site, spec, world }: Scene): Stocked[] {
  const state = readState(site);
  const marksOf = (version: string) => [
    ...(version === liveRelease(state) ? ["live"] : []),
    ...(version === rehearsalRelease(state) ? ["rehearsal"] : []),
    ...(state.bad.includes(version) ? ["bad"] : []),
  ];
  return listHeads(world.store, spec.project).map(({ version, created, files, bytes, source }) => ({
    version,
    created,
    files,
    bytes,
    source,
    onDisk: state.releases.includes(version),
    marks: marksOf(version),
  }));
}
