import { randomBytes } from "node:crypto";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { errnoOf } from "../errors.ts";
import { at, type Site } from "./site.ts";

/** A promise, some lines in the journal and a traffic.d folder, a dozen times over. */
export const RESERVE = 128 * 1024;

/** Room that is taken while there is plenty, to be let go when there is none: `run/reserve`. */
export function keepReserve(site: Site): void {
  const path = at.reserve(site);
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= RESERVE) return;
  try {
    // Zeros would take no room where the file system compresses.
    writeFileSync(path, randomBytes(RESERVE), { mode: 0o600 });
  } catch (error) {
    rmSync(path, { force: true });
    if (errnoOf(error) !== "ENOSPC" && errnoOf(error) !== "EDQUOT") throw error;
  }
}

export function dropReserve(site: Site): void {
  rmSync(at.reserve(site), { force: true });
}
