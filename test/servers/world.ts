import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { collect } from "../../src/release/collect.ts";
import type { ManifestHead } from "../../src/release/manifest.ts";
import { recordRelease } from "../../src/release/record.ts";
import type { Store } from "../../src/release/store.ts";
import type { Bundle } from "../../src/servers/ssh/script.ts";

/** The program as it was built. */
export function builtBundle(): Bundle {
  const content = readFileSync("dist/greenroom.mjs");
  return { version: "0.1.0", sha256: createHash("sha256").update(content).digest("hex"), content };
}

/** A release of all that a folder holds. */
export function makeRelease(
  store: Store,
  source: string,
  version: string | null,
  elsewhere: ManifestHead[] = [],
) {
  const { entries } = collect({
    source,
    ignores: () => false,
    storage: [],
    store,
    index: null,
    lastRelease: 0,
    emit: () => {},
  });
  const about = {
    project: "shop",
    version,
    avoid: [],
    elsewhere,
    source: { from: source, commit: null, mergedOnto: null },
  };
  return recordRelease(store, { ...about, entries }, new Date());
}
