import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readBasis } from "../../src/environment/basis.ts";
import { parseProject } from "../../src/project/load.ts";
import { makeRelease } from "../../src/project/make-release.ts";
import type { FileEntry } from "../../src/release/manifest.ts";
import { readRelease } from "../../src/release/store.ts";
import { operations } from "../../src/servers/operations.ts";
import { makeStage } from "../environment/world.ts";
import { file, type Things, temporaryFolder, writeThings } from "../release/world.ts";

function begin(things: Things) {
  const stage = makeStage();
  // As fast as releases can be made: the clock stands still.
  const now = new Date();
  const scene = stage.scene();
  scene.world.now = () => now;
  const dir = writeThings(temporaryFolder(), things);
  const project = {
    dir,
    file: parseProject('{"project":"shop","environments":{"production":{"domain":"shop.localhost"}}}'),
  };
  const make = (merge = false, from = dir) => {
    const { live, avoid } = readBasis(scene);
    const onto = merge ? readRelease(scene.world.store, "shop", live!) : null;
    return makeRelease(
      scene,
      { dir: from, project, from, commit: null, tag: null },
      { version: undefined, onto, avoid, elsewhere: [] },
    );
  };
  const golive = async () => {
    await operations.stage(scene, { release: make().manifest.version, dryRun: false });
    await operations.switch(scene, { force: true, dryRun: false });
  };
  return { scene, dir, make, golive };
}

describe("releases of one moment", () => {
  test("give no two contents of a size the same time, from which routers make validators", () => {
    const { dir, make } = begin({ a: file("0"), same: file("same") });
    const times = ["0", "1", "2", "3", "4"].map((content) => {
      writeFileSync(join(dir, "a"), content);
      return (make().manifest.entries[0] as FileEntry).mtime;
    });
    expect(new Set(times).size).toBe(5);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});

describe("a merged release", () => {
  test("has what was collected over what is live", async () => {
    const { dir, make, golive } = begin({ a: file("one"), "b/c": file("two") });
    await golive();
    const patch = writeThings(temporaryFolder(), { a: file("new"), "b/d": file("three") });
    const { manifest } = make(true, patch);
    expect(manifest.entries.map(({ path }) => path)).toEqual(["a", "b/c", "b/d"]);
    expect(manifest.source).toEqual({ from: patch, commit: null, mergedOnto: expect.stringMatching(/\.1$/) });
    expect(dir).not.toBe(patch);
  });

  test("that changes nothing is the live one", async () => {
    const { make, golive } = begin({ a: file("one"), "b/c": file("two") });
    await golive();
    const patch = writeThings(temporaryFolder(), { a: file("one") });
    expect(make(true, patch).manifest.version).toBe(make().manifest.version);
  });
});
