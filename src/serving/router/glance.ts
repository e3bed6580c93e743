import { type Stats, statSync } from "node:fs";
import { readPointer } from "../../disk/durable.ts";

// Requests that arrive together are answered in one turn of the event loop, as at one moment: what the first of them
// saw, the others may see. Every request of the turn was sent before it began, so none can miss a switch that its
// sender knew of. Under load this saves most of the system calls; a lone request makes them all.
let pointers = new Map<string, string | null>();
let stats = new Map<string, Stats | undefined>();
let seen = false;

/** Where a symlink leads in this turn of the event loop; null if there is none. */
export function pointerNow(path: string): string | null {
  const known = pointers.get(path);
  if (known !== undefined) return known;
  const target = readPointer(path);
  forgetAfterTurn();
  pointers.set(path, target);
  return target;
}

/** What a file looks like in this turn of the event loop. */
export function statNow(path: string): Stats | undefined {
  const known = stats.get(path);
  if (known) return known;
  const stat = statSync(path, { throwIfNoEntry: false });
  forgetAfterTurn();
  stats.set(path, stat);
  return stat;
}

function forgetAfterTurn(): void {
  if (seen) return;
  seen = true;
  setImmediate(() => {
    pointers = new Map();
    stats = new Map();
    seen = false;
  });
}
