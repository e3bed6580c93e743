import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { releasesToRetire } from "../../src/environment/retention.ts";
import { at } from "../../src/environment/site.ts";
import { readState } from "../../src/environment/state.ts";
import type { Scene } from "../../src/environment/world.ts";
import { listVersions } from "../../src/release/store.ts";
import { operations } from "../../src/servers/operations.ts";
import { file, type Things } from "../release/world.ts";
import { makeStage, rehearsedState, type Stage, stateOf } from "./world.ts";

async function stageNamed(stage: Stage, scene: Scene, version: string, things: Things): Promise<void> {
  stage.make(scene, things, version);
  await operations.stage(scene, { release: version, dryRun: false });
}

describe("the releases that may go", () => {
  const releases = ["9", "2", "8", "1", "7"];

  test("are the oldest of those that no side points at", () => {
    expect(releasesToRetire(rehearsedState({ releases }), 3)).toEqual(["8", "7"]);
    expect(releasesToRetire(rehearsedState({ releases }), 4)).toEqual(["7"]);
    expect(releasesToRetire(rehearsedState({ releases }), 5)).toEqual([]);
  });

  test("are never those that a side points at, however few should be kept", () => {
    expect(releasesToRetire(rehearsedState({ releases }), 1)).toEqual(["9", "8", "7"]);
    expect(releasesToRetire(rehearsedState({ sides: { blue: "1", green: "1" }, releases }), 1)).not.toContain(
      "1",
    );
  });

  test("are as many as there are too many, where nothing is live or staged", () => {
    expect(releasesToRetire(stateOf({ releases: ["3", "2", "1"] }), 2)).toEqual(["1"]);
  });
});

describe("an old tree", () => {
  test("becomes the next one, and only one of them is spare", async () => {
    const stage = makeStage();
    const scene = stage.scene({ keep: 1 });
    const trees = () => readdirSync(at.releases(scene.site)).sort();
    await stageNamed(stage, scene, "1", { a: file("one"), same: file("same") });
    await stageNamed(stage, scene, "2", { a: file("two"), same: file("same") });
    expect(trees()).toEqual([".spare-1", "2"]);
    await stageNamed(stage, scene, "3", { a: file("three"), same: file("same") });
    expect(trees()).toEqual([".spare-2", "3"]);
    expect(readFileSync(join(at.release(scene.site, "3"), "a"), "utf8")).toBe("three");
  });

  test("isn't taken for another release that got its name after a prune", async () => {
    const stage = makeStage();
    const [scene, other] = [
      stage.scene({ keep: 1 }),
      stage.scene({ environment: "staging", domain: "staging.localhost" }),
    ];
    await stageNamed(stage, scene, "1", { a: file("one"), b: file("old") });
    await stageNamed(stage, scene, "2", { a: file("two") });
    await stageNamed(stage, other, "other", { a: file("other") });
    await operations.prune(other, { dryRun: false });
    expect(listVersions(stage.world.store, "shop").sort()).toEqual(["2", "other"]);
    stage.make(other, { a: file("three") }, "1");
    await stageNamed(stage, scene, "3", { a: file("three"), c: file("new") });
    const dir = at.release(scene.site, "3");
    expect(readdirSync(dir).sort()).toEqual(["a", "c"]);
    expect(readFileSync(join(dir, "a"), "utf8")).toBe("three");
  });

  test("stays spare until a prune takes it away", async () => {
    const stage = makeStage();
    const scene = stage.scene({ keep: 1 });
    await stageNamed(stage, scene, "1", { a: file("one") });
    await stageNamed(stage, scene, "2", { a: file("two") });
    expect(readState(scene.site).spare).toBe("1");
    await operations.prune(scene, { dryRun: false });
    expect(readState(scene.site).spare).toBe(null);
    expect(listVersions(stage.world.store, "shop")).toEqual(["2"]);
    expect((await operations.prune(scene, { dryRun: true })).steps).toEqual([]);
  });
});
