import { SIDES } from "../../environment/sides.ts";
import type { Site } from "../../environment/site.ts";
import type { Context } from "./context.ts";
import { superviseSide } from "./side.ts";
import { createSlot } from "./slot.ts";
import { readLive, type SideWant } from "./want.ts";

/** Keeps what runs for an environment equal to what its pointers say. */
export interface Supervised {
  /** Looks and acts. Throws on what is half there; that side then goes on as it is. */
  reconcile(): void;
  end(): Promise<void>;
  /** Lets everything go on, unwatched. */
  leave(): Promise<void>;
}

export function superviseEnvironment(site: Site, context: Context): Supervised {
  const sides = { blue: superviseSide(site, "blue", context), green: superviseSide(site, "green", context) };
  // One slot for both sides: a queue must not be worked on by two releases at once.
  const others = createSlot((want: SideWant) => sides[want.side].startOthers(want));
  return {
    reconcile() {
      const failures = SIDES.flatMap((side) => attempt(() => sides[side].reconcile()));
      const live = readLive(site);
      others.set(live && sides[live].wanted());
      if (failures.length > 0) throw failures[0];
    },
    async end() {
      others.set(null);
      await Promise.all([others.settled(), ...SIDES.map((side) => sides[side].end())]);
    },
    async leave() {
      await Promise.all([others.leave(), ...SIDES.map((side) => sides[side].leave())]);
    },
  };
}

function attempt(act: () => void): unknown[] {
  try {
    act();
    return [];
  } catch (error) {
    return [error];
  }
}
