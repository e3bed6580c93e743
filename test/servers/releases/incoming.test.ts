import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { digestOf } from "../../../src/release/columns.ts";
import { makeDelta } from "../../../src/release/delta.ts";
import { byPath, type Entry, type ManifestHead } from "../../../src/release/manifest.ts";
import { parseManifest } from "../../../src/servers/releases/incoming.ts";
import { pack } from "../../../src/servers/releases/pack.ts";

const MANY = 300_000;

test("a release of very many files is taken in as one of few", async () => {
  const entries = Array.from({ length: MANY }, (_, i): Entry => {
    const sha256 = createHash("sha256").update(String(i)).digest("hex");
    return { path: `${i % 100}/page${i}.html`, kind: "file", sha256, size: i, mtime: i, executable: false };
  }).sort(byPath);
  const head: ManifestHead = {
    format: 1,
    project: "shop",
    version: "1",
    digest: digestOf(entries),
    files: MANY,
    bytes: 0,
    created: new Date().toISOString(),
    source: { from: "here", commit: null, mergedOnto: null },
  };
  const body = await pack(Buffer.from(JSON.stringify(makeDelta([], entries))));
  expect(parseManifest(head, [], body).entries).toEqual(entries);
});
