import { readStaged } from "../environment/config.ts";
import type { SideDoor } from "../environment/parts.ts";
import { readState } from "../environment/state.ts";
import { createPhpDoor } from "./php/door.ts";
import { createDoor as createOwnDoor } from "./router/door.ts";

/** Shows a side before it has visitors: by ourselves, or by nginx where only that can. */
export function createDoor(): SideDoor {
  return {
    open(site, side) {
      const release = readState(site).sides[side];
      const kind = release === null ? null : readStaged(site, release)?.serve.kind;
      return (kind === "php" ? createPhpDoor() : createOwnDoor()).open(site, side);
    },
  };
}
