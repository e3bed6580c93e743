import { type Entry, identityOf } from "./manifest.ts";

export interface Difference {
  removed: Entry[];
  added: Entry[];
}

/** What must go and what must come to turn one sorted list into the other; a changed entry is in both. */
export function diff(before: Entry[], after: Entry[]): Difference {
  const difference: Difference = { removed: [], added: [] };
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const old = before[i];
    const young = after[j];
    if (old && young && old.path === young.path) {
      if (!sameEntry(old, young)) {
        difference.removed.push(old);
        difference.added.push(young);
      }
      i += 1;
      j += 1;
    } else if (!young || (old && old.path < young.path)) {
      difference.removed.push(old!);
      i += 1;
    } else {
      difference.added.push(young);
      j += 1;
    }
  }
  return difference;
}

function sameEntry(a: Entry, b: Entry): boolean {
  if (a.kind === "file" && b.kind === "file") return a.sha256 === b.sha256 && a.executable === b.executable;
  return identityOf(a) === identityOf(b);
}
