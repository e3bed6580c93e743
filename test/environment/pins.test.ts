import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { orNull } from "../../src/disk/durable.ts";
import { at } from "../../src/environment/site.ts";
import { operations } from "../../src/servers/operations.ts";
import { file } from "../release/world.ts";
import { makeStage } from "./world.ts";

test("a release may be asked for by its version once visitors have seen it, while a side shows it", async () => {
  const stage = makeStage();
  const scene = stage.scene();
  const pins = () => (orNull(() => readdirSync(at.pins(scene.site)), "ENOENT") ?? []).sort();
  const rehearse = async (version: string) => {
    stage.make(scene, { "index.html": file(version) }, version);
    await operations.stage(scene, { release: version, dryRun: false });
    await operations.check(scene, { dryRun: false });
  };
  const go = () => operations.switch(scene, { force: false, dryRun: false });
  await rehearse("1");
  expect(pins()).toEqual([]);
  await go();
  expect(pins()).toEqual(["1@blue"]);
  await rehearse("2");
  expect(pins()).toEqual(["1@blue"]);
  await operations.canary(scene, { share: 5, force: false, dryRun: false });
  expect(pins()).toEqual(["1@blue", "2@green"]);
  await go();
  expect(pins()).toEqual(["1@blue", "2@green"]);
  await rehearse("3");
  expect(pins()).toEqual(["2@green"]);
  await operations.rollback(scene, { to: "1", force: false, dryRun: false });
  expect(pins()).toEqual(["1@blue", "2@green"]);
});
