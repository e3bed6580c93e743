import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Entry, type Manifest, makeManifest } from "../../src/release/manifest.ts";
import { addRelease, findRelease, manifestPath, openStore, readHead } from "../../src/release/store.ts";
import { entriesOf, file, link, temporaryFolder, temporaryStore } from "./world.ts";

const SOURCE = { from: "/home/somebody/ünïcode shop", commit: null, mergedOnto: "1" };

function manifestOf(entries: Entry[], version = "2"): Manifest {
  const created = "2026-11-21T09:00:00.000Z";
  return makeManifest({ project: "shop", version, created, source: SOURCE }, entries);
}

const text = fc.string({ minLength: 1, unit: "grapheme" }).filter((one) => !one.includes("\0"));
const name = fc.oneof(
  text.filter((one) => !one.includes("/")),
  fc.constantFrom("__proto__", "constructor", "toString", "a\nb", 'quo"te', "\\", "\u2028", "\ufffd"),
);
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
const sha256 = fc.string({ minLength: 64, maxLength: 64, unit: fc.constantFrom(..."0123456789abcdef") });
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({
    kind: fc.constant("file" as const),
    path,
    executable: fc.boolean(),
    size: fc.nat(),
    sha256,
    mtime: fc.nat(),
  }),
  fc.record({ kind: fc.constant("link" as const), path, target: fc.oneof(text, path) }),
  fc.record({ kind: fc.constant("folder" as const), path }),
);

describe("a manifest file", () => {
  test("gives back what was written, whatever files are called", () => {
    const root = temporaryFolder();
    let n = 0;
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ({ path }) => path }), (entries) => {
        const manifest = manifestOf(entries, `v${n++}`);
        expect(addRelease(openStore(root), manifest)).toBe(true);
        expect(findRelease(openStore(root), "shop", manifest.version)).toEqual(manifest);
        const { entries: _, ...head } = manifest;
        expect(readHead(openStore(root), "shop", manifest.version)).toEqual(head);
      }),
      { numRuns: 200 },
    );
  });

  test("is never replaced, and whoever tries leaves nothing behind", () => {
    const store = temporaryStore();
    const place = manifestPath(store, "shop", "2");
    addRelease(store, manifestOf(entriesOf({ a: file("one") })));
    const before = readFileSync(place);
    expect(addRelease(store, manifestOf(entriesOf({ a: file("two") })))).toBe(false);
    expect(readFileSync(place)).toEqual(before);
    expect([...readdirSync(dirname(place)), ...readdirSync(store.incoming)]).toEqual(["2.json"]);
  });

  test("that isn't there is null", () => {
    const store = temporaryStore();
    expect(findRelease(store, "shop", "2")).toBe(null);
    expect(readHead(store, "shop", "2")).toBe(null);
  });

  test("has a head that can be read alone, however many entries there are", () => {
    const things = Object.fromEntries(
      Array.from({ length: 3000 }, (_, i) => [`some/file-${i}`, link("../x")]),
    );
    const store = temporaryStore();
    addRelease(store, manifestOf(entriesOf(things)));
    expect(readHead(store, "shop", "2")).toMatchObject({ version: "2", files: 0, source: SOURCE });
  });
});
