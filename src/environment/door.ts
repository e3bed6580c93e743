import type { SideDoor } from "./parts.ts";
import type { Side } from "./sides.ts";
import type { Site } from "./site.ts";

/** The addresses at which an operation asks the sides, opened when one is first needed. */
export interface Door {
  url(side: Side): Promise<string>;
  close(): Promise<void>;
}

export function openDoors(site: Site, parts: { door: SideDoor }): Door {
  const opened = new Map<Side, ReturnType<SideDoor["open"]>>();
  return {
    async url(side) {
      const door = opened.get(side) ?? parts.door.open(site, side);
      opened.set(side, door);
      return (await door).url;
    },
    async close() {
      for (const door of opened.values()) await door.then((one) => one.close());
    },
  };
}
