import { existsSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { at } from "../../src/environment/site.ts";
import { readState } from "../../src/environment/state.ts";
import type { Scene } from "../../src/environment/world.ts";
import { listVersions, lockStore } from "../../src/release/store.ts";
import { operations } from "../../src/servers/operations.ts";
import { file, type Things } from "../release/world.ts";
import { errorFrom, makeStage, putFile, type Stage } from "./world.ts";

async function stageOf(stage: Stage, scene: Scene, things: Things, version?: string): Promise<string> {
  const { manifest } = stage.make(scene, things, version);
  await operations.stage(scene, { release: manifest.version, dryRun: false });
  return manifest.version;
}

const switched = (scene: Scene) => operations.switch(scene, { force: true, dryRun: false });
const objectsOf = (stage: Stage) => {
  const { objects } = stage.world.store;
  return readdirSync(objects).flatMap((folder) => readdirSync(join(objects, folder))).length;
};

describe("pruning", () => {
  test("takes releases that are on no disk, and contents that only they had", async () => {
    const stage = makeStage();
    const scene = stage.scene({ keep: 2 });
    for (const n of ["1", "2", "3"]) {
      await stageOf(stage, scene, { all: file("all"), own: file(`only ${n}`) }, n);
      await switched(scene);
    }
    const done = await operations.prune(scene, { dryRun: false });
    expect([done.dropped, done.objects, done.bytes]).toEqual([["1"], 1, "only 1".length]);
    expect(listVersions(stage.world.store, "shop").sort()).toEqual(["2", "3"]);
    expect(objectsOf(stage)).toBe(3);
    expect((await operations.verify(scene, { dryRun: false })).problems).toEqual([]);
  });

  test("announces just that with a dry run, and does none of it", async () => {
    const stage = makeStage();
    const scene = stage.scene({ keep: 1 });
    for (const n of ["1", "2"]) await stageOf(stage, scene, { own: file(n) }, n);
    const before = objectsOf(stage);
    const foreseen = await operations.prune(scene, { dryRun: true });
    expect([objectsOf(stage), listVersions(stage.world.store, "shop").length]).toEqual([before, 2]);
    expect(readState(scene.site).spare).toBe("1");
    const done = await operations.prune(scene, { dryRun: false });
    expect(done.steps).toEqual(foreseen.steps);
  });

  test("leaves what other environments and other projects have", async () => {
    const stage = makeStage();
    const scene = stage.scene({ keep: 1 });
    const staging = stage.scene({ environment: "staging", domain: "staging.localhost" });
    const blog = stage.scene({ project: "blog", domain: "blog.localhost" });
    await stageOf(stage, staging, { own: file("staging") }, "s");
    await stageOf(stage, blog, { own: file("blog") }, "b");
    for (const n of ["1", "2"]) await stageOf(stage, scene, { own: file(n) }, n);
    await operations.prune(scene, { dryRun: false });
    expect(listVersions(stage.world.store, "shop").sort()).toEqual(["2", "s"]);
    expect(listVersions(stage.world.store, "blog")).toEqual(["b"]);
    for (const each of [scene, staging, blog]) {
      expect((await operations.verify(each, { dryRun: false })).problems).toEqual([]);
    }
  });

  test("follows a `keep` that became smaller, never below what a side shows", async () => {
    const stage = makeStage();
    for (const n of ["1", "2", "3", "4"]) {
      await stageOf(stage, stage.scene(), { own: file(n) }, n);
      await switched(stage.scene());
    }
    const scene = stage.scene({ keep: 1 });
    await operations.prune(scene, { dryRun: false });
    expect(readState(scene.site).releases.sort()).toEqual(["3", "4"]);
    expect(existsSync(at.config(scene.site, "1"))).toBe(false);
    expect(existsSync(at.staged(scene.site, "1"))).toBe(false);
  });

  test("deletes nothing in the store that isn't an object, which verify names", async () => {
    const stage = makeStage();
    const scene = stage.scene();
    await stageOf(stage, scene, { own: file("1") });
    const { objects } = stage.world.store;
    putFile(join(objects, "README"), "mine");
    putFile(join(objects, "lost+found/a"), "mine");
    putFile(join(objects, "00/mine"), "mine");
    await operations.prune(scene, { dryRun: false });
    expect(["README", "lost+found/a", "00/mine"].every((path) => existsSync(join(objects, path)))).toBe(true);
    const { detail } = await errorFrom(operations.verify(scene, { dryRun: false }));
    expect(detail).toContain("store: README (added)");
  });

  test("takes what a removal that died left, and leaves the mark of no release that is gone", async () => {
    const stage = makeStage();
    const scene = stage.scene();
    const staging = stage.scene({ environment: "staging", domain: "staging.localhost" });
    await stageOf(stage, scene, { own: file("1") }, "v1");
    await stageOf(stage, scene, { own: file("2") }, "v2");
    await stageOf(stage, staging, { own: file("2") }, "v2");
    putFile(join(staging.site.dir, "bad/v1"), "{}");
    putFile(join(staging.site.dir, "bad/v2"), "{}");
    const rubbish = join(stage.root, "sites/shop/.tmp-0123456789ab-gone");
    putFile(join(rubbish, "run/lock"), "{}");
    const done = await operations.prune(stage.scene({ keep: 1 }), { dryRun: false });
    expect(done.dropped).toEqual(["v1"]);
    expect(existsSync(rubbish)).toBe(false);
    expect(readState(staging.site).bad).toEqual(["v2"]);
  });

  test("waits for nobody who relies on the store", async () => {
    const stage = makeStage();
    const scene = stage.scene();
    await stageOf(stage, scene, { own: file("1") });
    const lock = lockStore(stage.world.store, "shared", {});
    expect((await errorFrom(operations.prune(scene, { dryRun: false }))).code).toBe("LOCKED");
    lock.release();
    await operations.prune(scene, { dryRun: false });
  });

  test("doesn't free the day's last number for another content", async () => {
    const stage = makeStage();
    const scene = stage.scene({ keep: 1 });
    const first = await stageOf(stage, scene, { own: file("1") });
    await switched(scene);
    const second = await stageOf(stage, scene, { own: file("2") });
    await switched(scene);
    await operations.rollback(scene, { to: null, force: false, dryRun: false });
    expect(await stageOf(stage, scene, { own: file("named") }, "named")).toBe("named");
    await operations.prune(scene, { dryRun: false });
    const third = await stageOf(stage, scene, { own: file("3") });
    expect([first, second]).not.toContain(third);
    expect(readState(scene.site).bad).not.toContain(third);
  });

  test("lets a removed environment's releases go, and then their names are free", async () => {
    const stage = makeStage();
    const scene = stage.scene({ environment: "staging" });
    const other = stage.scene({ domain: "other.localhost" });
    await stageOf(stage, scene, { own: file("1") }, "v1");
    await stageOf(stage, other, { own: file("2") }, "v2");
    await operations.remove(scene, { force: false, storage: true, dryRun: false });
    expect(listVersions(stage.world.store, "shop").sort()).toEqual(["v1", "v2"]);
    await operations.prune(other, { dryRun: false });
    expect(listVersions(stage.world.store, "shop")).toEqual(["v2"]);
    expect(await stageOf(stage, scene, { own: file("other") }, "v1")).toBe("v1");
  });
});

describe("removing an environment", () => {
  async function liveOne(environment = "production") {
    const stage = makeStage();
    const scene = stage.scene({ environment, storage: ["uploads"] });
    await stageOf(stage, scene, { "uploads/a": file("one"), b: file("two") });
    await switched(scene);
    return { stage, scene };
  }

  test("is refused where it is the live production one, unless it is forced", async () => {
    const { scene } = await liveOne();
    const error = await errorFrom(operations.remove(scene, { force: false, storage: false, dryRun: false }));
    expect([error.code, error.hint]).toEqual([
      "ENVIRONMENT_LIVE",
      "if it is to go: greenroom remove production --force",
    ]);
    await operations.remove(scene, { force: true, storage: true, dryRun: false });
    expect(existsSync(join(scene.world.root, "sites", "shop"))).toBe(false);
    expect(readdirSync(at.hosts(scene.world.root))).toEqual([]);
  });

  test("keeps storage that holds something where it is, and can be done again to have that gone too", async () => {
    const { scene } = await liveOne("staging");
    const inode = lstatSync(at.storage(scene.site)).ino;
    const done = await operations.remove(scene, { force: false, storage: false, dryRun: false });
    expect(done).toEqual({ removed: "shop/staging", storage: at.storage(scene.site) });
    expect(readdirSync(scene.site.dir)).toEqual(["storage"]);
    expect(lstatSync(at.storage(scene.site)).ino).toBe(inode);
    expect((await errorFrom(operations.check(scene, { dryRun: false }))).code).toBe("ENVIRONMENT_MISSING");
    await operations.remove(scene, { force: false, storage: true, dryRun: false });
    expect(existsSync(scene.site.dir)).toBe(false);
    const error = await errorFrom(operations.remove(scene, { force: true, storage: true, dryRun: false }));
    expect(error.code).toBe("ENVIRONMENT_MISSING");
  });

  test("is never taken by a prune for one that died", async () => {
    const { stage, scene } = await liveOne("staging");
    const lock = lockStore(stage.world.store, "exclusive", {});
    const error = await errorFrom(operations.remove(scene, { force: false, storage: true, dryRun: false }));
    expect(error.code).toBe("LOCKED");
    lock.release();
  });

  test("does nothing with a dry run, and isn't kept from it by what another removal left", async () => {
    const { scene } = await liveOne("staging");
    await operations.remove(scene, { force: false, storage: true, dryRun: true });
    expect(readState(scene.site).live).toBe("blue");
    const rubbish = join(scene.site.dir, "..", ".tmp-0123456789ab-other");
    mkdirSync(rubbish);
    await operations.remove(scene, { force: false, storage: true, dryRun: false });
    expect(existsSync(scene.site.dir)).toBe(false);
  });

  test("takes up what it left when it is staged again", async () => {
    const { stage, scene } = await liveOne("staging");
    await operations.remove(scene, { force: false, storage: false, dryRun: false });
    await stageOf(stage, scene, { "uploads/a": file("seed"), b: file("two") });
    expect(readState(scene.site)).toMatchObject({ live: null, rehearsal: "blue" });
    expect(existsSync(at.storage(scene.site, "uploads/a"))).toBe(true);
    expect((await operations.verify(scene, { dryRun: false })).problems).toEqual([]);
  });
});
