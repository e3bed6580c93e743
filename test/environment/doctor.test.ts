import { mkdirSync, rmSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { examine } from "../../src/environment/doctor.ts";
import { at } from "../../src/environment/site.ts";
import { readState } from "../../src/environment/state.ts";
import { operations } from "../../src/servers/operations.ts";
import { file } from "../release/world.ts";
import { errorFrom, errorOf, makeStage } from "./world.ts";

async function makeLive() {
  const stage = makeStage();
  const scene = stage.scene();
  const { manifest } = stage.make(scene, { a: file("a") });
  await operations.stage(scene, { release: manifest.version, dryRun: false });
  await operations.switch(scene, { force: true, dryRun: false });
  return { ...stage, scene, site: scene.site };
}

test.each(["traffic", "blue"] as const)("%s as a real folder is named, and how to go on", async (name) => {
  const { root, scene, site } = await makeLive();
  const place = name === "blue" ? at.side(site, name) : at.traffic(site);
  const doctor = () =>
    examine(root, () => ({ file: { project: "shop" } })).filter(({ what }) => what === "shop/production");
  expect(doctor()).toEqual([]);
  rmSync(place);
  mkdirSync(place);
  const error = errorOf(() => readState(site));
  expect([error.code, error.hint]).toEqual(["PLACE_TAKEN", `move it away: mv ${place} ${place}.aside`]);
  expect((await errorFrom(operations.verify(scene, { dryRun: false }))).code).toBe("PLACE_TAKEN");
  expect((await errorFrom(operations.switch(scene, { force: true, dryRun: false }))).code).toBe(
    "PLACE_TAKEN",
  );
  expect(doctor()).toMatchObject([{ state: "broken", found: error.message, remedy: error.hint }]);
});

test("a log folder that somebody removed is made again", async () => {
  const { scene, site } = await makeLive();
  rmSync(at.log(site, ""), { recursive: true });
  await operations.canary(scene, { share: 0, force: true, dryRun: false });
  expect(statSync(at.log(site, "")).mode & 0o777).toBe(0o750);
});
