import fc from "fast-check";
import { expect, test } from "vitest";
import { applyDelta, makeDelta } from "../../src/release/delta.ts";
import { byPath, type Entry } from "../../src/release/manifest.ts";

const path = fc.constantFrom("a", "a.b", "a/b", "b", "é", "z/1", "z/2");
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({
    kind: fc.constant("file" as const),
    path,
    executable: fc.boolean(),
    size: fc.nat(9),
    sha256: fc.constantFrom("0".repeat(64), "1".repeat(64)),
    mtime: fc.nat(9),
  }),
  fc.record({ kind: fc.constant("link" as const), path, target: fc.constantFrom("x", "../y") }),
  fc.record({ kind: fc.constant("folder" as const), path }),
);
const release = fc.uniqueArray(entry, { selector: (one) => one.path }).map((all) => all.sort(byPath));
const essence = (entries: Entry[]) =>
  entries.map((one) => (one.kind === "file" ? { ...one, size: 0, mtime: 0 } : one));

test("a delta turns one release into the other, however they differ", () => {
  fc.assert(
    fc.property(release, release, (before, after) => {
      const delta = JSON.parse(JSON.stringify(makeDelta(before, after)));
      expect(essence(applyDelta(before, delta))).toEqual(essence(after));
    }),
  );
});

test("two releases of one content have nothing in it", () => {
  fc.assert(
    fc.property(release, (entries) => {
      const { removed, added } = makeDelta(entries, [...entries]);
      expect([removed, added.kinds]).toEqual([[], ""]);
    }),
  );
});
