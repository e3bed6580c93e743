import { type Columns, fromColumns, toColumns } from "./columns.ts";
import { diff } from "./diff.ts";
import { byPath, type Entry } from "./manifest.ts";

/** What turns the entries of one release into those of another: a line's worth for who has the first. */
export interface Delta {
  removed: string[];
  added: Columns;
}

export function makeDelta(before: Entry[], after: Entry[]): Delta {
  const { removed, added } = diff(before, after);
  const stays = new Set(added.map(({ path }) => path));
  return {
    removed: removed.flatMap(({ path }) => (stays.has(path) ? [] : path)),
    added: toColumns(added),
  };
}

export function applyDelta(before: Entry[], { removed, added }: Delta): Entry[] {
  const young = fromColumns(added);
  const gone = new Set([...removed, ...young.map(({ path }) => path)]);
  return [...before.filter(({ path }) => !gone.has(path)), ...young].sort(byPath);
}
