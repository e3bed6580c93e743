import { expect, test } from "vitest";
import { makeManifest } from "../../src/release/manifest.ts";
import { entriesOf, file, folder, link, program } from "./world.ts";

test("a manifest counts files and bytes, not symlinks and folders", () => {
  const entries = entriesOf({ a: file("four"), b: link("a"), c: folder, d: program("12345") });
  const about = { project: "shop", version: "1", created: "2026-11-21T09:00:00Z" };
  const source = { from: ".", commit: null, mergedOnto: null };
  expect(makeManifest({ ...about, source }, entries)).toMatchObject({
    format: 1,
    files: 2,
    bytes: 9,
    entries,
  });
});
