import { rmSync } from "node:fs";
import { join } from "node:path";
import { ensureDirectory, movePointer } from "../disk/durable.ts";
import { SIDES, type Side } from "./sides.ts";
import { at, type Site } from "./site.ts";
import { listNames } from "./state.ts";

// A page may ask for more by the release that it came from, while a side shows that. Only releases that visitors have
// seen have such a name: what is just rehearsed is nobody's business who can guess a version.

/** The side's release may be asked for by its version. */
export function pin(site: Site, side: Side, release: string): void {
  ensureDirectory(at.pins(site));
  movePointer(join(at.pins(site), `${release}@${side}`), `../${side}`);
}

/** The side is about to show another release. */
export function unpin(site: Site, side: Side): void {
  for (const name of listNames(at.pins(site))) {
    if (name.endsWith(`@${side}`)) rmSync(join(at.pins(site), name), { force: true });
  }
}

/** The side that shows a release that visitors have seen. */
export function pinnedSide(site: Site, release: string, isThere: (path: string) => boolean): Side | null {
  return SIDES.find((side) => isThere(join(at.pins(site), `${release}@${side}`))) ?? null;
}
