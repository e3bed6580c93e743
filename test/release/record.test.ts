import { rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type NewRelease, recordRelease } from "../../src/release/record.ts";
import {
  listHeads,
  listVersions,
  lockStore,
  manifestPath,
  openStore,
  readHead,
  readRelease,
} from "../../src/release/store.ts";
import { entriesOf, file, program, type Things, temporaryFolder, temporaryStore } from "./world.ts";

const noon = new Date(2026, 10, 21, 12);

function release(things: Things, more: Partial<NewRelease> = {}): NewRelease {
  const source = { from: ".", commit: null, mergedOnto: null };
  return {
    project: "shop",
    entries: entriesOf(things),
    version: null,
    avoid: [],
    elsewhere: [],
    source,
    ...more,
  };
}

const one = release({ a: file("one") });
const two = release({ a: file("two") });

describe("recording a release", () => {
  test("counts versions up by the day", () => {
    const store = temporaryStore();
    const versions = [one, two].map((each) => recordRelease(store, each, noon).version);
    expect(versions).toEqual(["2026.11.21.1", "2026.11.21.2"]);
    expect(readRelease(openStore(store.dir.replace(/\/store$/, "")), "shop", "2026.11.21.2").entries).toEqual(
      two.entries,
    );
  });

  test("finds the release with the same content, however often and whatever came between", () => {
    const store = temporaryStore();
    const first = recordRelease(store, one, noon);
    recordRelease(store, two, noon);
    expect(recordRelease(store, one, new Date(2027, 0, 1))).toEqual(first);
    expect(listVersions(store, "shop")).toHaveLength(2);
  });

  test("tells a program from a file of the same content", () => {
    const store = temporaryStore();
    recordRelease(store, one, noon);
    expect(recordRelease(store, release({ a: program("one") }), noon).version).toBe("2026.11.21.2");
  });

  test("makes a new one of the same content where the old one can't be had", () => {
    const store = temporaryStore();
    recordRelease(store, one, noon);
    const again = recordRelease(store, { ...one, avoid: ["2026.11.21.1"] }, noon);
    expect(again.version).toBe("2026.11.21.2");
    expect(recordRelease(store, { ...one, avoid: ["2026.11.21.1"] }, noon).version).toBe("2026.11.21.2");
  });

  test("takes a name again for the same content, and refuses it for another", () => {
    const store = temporaryStore();
    const first = recordRelease(store, { ...one, version: "v1" }, noon);
    expect(recordRelease(store, { ...one, version: "v1" }, new Date(2027, 0, 1))).toEqual(first);
    expect(() => recordRelease(store, { ...two, version: "v1" }, noon)).toThrow(
      expect.objectContaining({ code: "VERSION_EXISTS", message: "shop v1 exists with other content" }),
    );
    expect(readRelease(store, "shop", "v1").entries).toEqual(one.entries);
  });

  test("gives one content a second name where the user wants that", () => {
    const store = temporaryStore();
    recordRelease(store, { ...one, version: "v1" }, noon);
    expect(recordRelease(store, { ...one, version: "v2" }, noon).version).toBe("v2");
  });

  test("keeps projects apart", () => {
    const store = temporaryStore();
    recordRelease(store, one, noon);
    expect(recordRelease(store, { ...two, project: "blog" }, noon).version).toBe("2026.11.21.1");
    expect(listVersions(store, "nobody")).toEqual([]);
  });
});

describe("the store", () => {
  test("lists a project's releases, the newest first", () => {
    const store = temporaryStore();
    recordRelease(store, { ...one, version: "b" }, new Date(2026, 0, 2));
    recordRelease(store, { ...two, version: "a" }, new Date(2026, 0, 3));
    recordRelease(store, { ...two, version: "c" }, new Date(2026, 0, 1));
    expect(listHeads(store, "shop").map(({ version }) => version)).toEqual(["a", "b", "c"]);
  });

  test("says of a release that it hasn't", () => {
    const store = temporaryStore();
    expect(readHead(store, "shop", "v1")).toBe(null);
    expect(() => readRelease(store, "shop", "v1")).toThrow(
      expect.objectContaining({ code: "VERSION_UNKNOWN", message: "shop has no release v1 in the store" }),
    );
    recordRelease(store, { ...one, version: "v1" }, noon);
    rmSync(manifestPath(store, "shop", "v1"));
    expect(() => readRelease(openStore(store.dir.replace(/\/store$/, "")), "shop", "v1")).toThrow();
  });

  test("is held together by many, and alone by one", () => {
    const store = openStore(temporaryFolder());
    const [a, b] = [lockStore(store, "shared", {}), lockStore(store, "shared", {})];
    expect(() => lockStore(store, "exclusive", {})).toThrow(expect.objectContaining({ code: "LOCKED" }));
    a.release();
    b.release();
    const alone = lockStore(store, "exclusive", { operation: "prune" });
    expect(() => lockStore(store, "shared", {})).toThrow(expect.objectContaining({ code: "LOCKED" }));
    alone.release();
    lockStore(store, "shared", {}).release();
  });
});
