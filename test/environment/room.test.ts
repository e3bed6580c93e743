import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { freeWithoutWriting, makeRoom, readRoom } from "../../src/environment/room.ts";
import { at } from "../../src/environment/site.ts";
import { readState } from "../../src/environment/state.ts";
import { listVersions } from "../../src/release/store.ts";
import { operations } from "../../src/servers/operations.ts";
import { file } from "../release/world.ts";
import { makeStage } from "./world.ts";

async function makePast() {
  const stage = makeStage();
  const scene = stage.scene({ keep: 1 });
  for (const version of ["v1", "v2", "v3"]) {
    stage.make(scene, { own: file(version) }, version);
    await operations.stage(scene, { release: version, dryRun: false });
    await operations.switch(scene, { force: true, dryRun: false });
  }
  return { ...stage, scene };
}

test("what no environment needs goes without a line in the journal", async () => {
  const { scene, world } = await makePast();
  const journal = readFileSync(at.journal(scene.site), "utf8");
  expect(readState(scene.site).spare).toBe("v1");
  expect(freeWithoutWriting(scene)).toEqual({ dropped: ["v1"], objects: 1, bytes: 2 });
  expect(listVersions(world.store, "shop").sort()).toEqual(["v2", "v3"]);
  expect(readState(scene.site).spare).toBe(null);
  expect(readFileSync(at.journal(scene.site), "utf8")).toBe(journal);
  expect((await operations.verify(scene, { dryRun: false })).problems).toEqual([]);
});

test("what saves time stays where there is room", async () => {
  const { scene, root } = await makePast();
  const { bytes, names } = readRoom(root);
  expect(bytes > 1e6 && names > 500).toBe(true);
  makeRoom(scene);
  expect(existsSync(at.releases(scene.site))).toBe(true);
  expect(readState(scene.site).spare).toBe("v1");
});
