import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errnoOf, GreenroomError } from "../errors.ts";

/** A folder for us alone, where this machine has what is soon gone. */
export function makeTemporary(what: string, parent = tmpdir()): string {
  try {
    return mkdtempSync(join(parent, `greenroom-${what}-`));
  } catch (error) {
    throw new GreenroomError("IO_FAILED", `nothing can be made in ${parent} (${errnoOf(error)})`, {
      hint: "$TMPDIR names that folder; without it, that is /tmp",
      cause: error,
    });
  }
}
