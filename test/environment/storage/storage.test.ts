import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { at } from "../../../src/environment/site.ts";
import { missingStorage, seedStorage } from "../../../src/environment/storage/storage.ts";
import { operations } from "../../../src/servers/operations.ts";
import { file, folder, link, program, readTree, type Things, temporaryFolder } from "../../release/world.ts";
import { errorOf, leftovers, makeStage, putFile } from "../world.ts";

function seed(path: string, things: Things) {
  const stage = makeStage();
  const scene = stage.scene({ storage: [path] });
  const { manifest } = stage.make(scene, { "index.html": file("hello"), ...things });
  seedStorage(scene.site, stage.world.store, path, manifest.entries, null);
  return { ...stage, seeding: scene, site: scene.site, manifest };
}

describe("storage", () => {
  test("begins with what the first release brings there, writable", () => {
    const things = {
      "up/loads/a": file("one"),
      "up/loads/b/run": program("two"),
      "up/loads/c": folder,
      "up/loads/d": link("a"),
      "up/other": file("no"),
    };
    const { site } = seed("up/loads", things);
    expect(readTree(at.storage(site))).toEqual({
      up: "755 folder",
      "up/loads": "755 folder",
      "up/loads/a": "644 one",
      "up/loads/b": "755 folder",
      "up/loads/b/run": "755 two",
      "up/loads/c": "755 folder",
      "up/loads/d": "-> a",
    });
    expect(statSync(at.storage(site, "up/loads/a")).nlink).toBe(1);
    expect(leftovers(site.dir)).toEqual([]);
  });

  test("can be a single file, or an empty folder that no release brings", () => {
    expect(readFileSync(at.storage(seed("data.db", { "data.db": file("db") }).site, "data.db"), "utf8")).toBe(
      "db",
    );
    const { site } = seed("uploads", {});
    expect(readdirSync(at.storage(site, "uploads"))).toEqual([]);
  });

  test("has no place below what is a file there, and says so before anything is made", () => {
    const stage = makeStage();
    const { site } = stage.scene();
    putFile(at.storage(site, "data"), "db");
    const error = errorOf(() => missingStorage(site, ["data/a/b"]));
    expect([error.code, error.message]).toEqual([
      "CONFIG_INVALID",
      `storage data/a/b has no place: ${at.storage(site, "data")} is no folder`,
    ]);
    expect(missingStorage(site, ["data", "other"])).toEqual(["other"]);
  });

  test("never comes to be by way of a symlink that programs of the site have put there", () => {
    const { site, world, manifest } = seed("data", { "data/x/deep/file": file("pwned") });
    const outside = temporaryFolder();
    rmSync(at.storage(site, "data/x"), { recursive: true });
    symlinkSync(outside, at.storage(site, "data/x"));
    for (const path of ["data/x/deep", "data/x/more/deep"]) {
      expect(errorOf(() => missingStorage(site, [path])).code).toBe("CONFIG_INVALID");
      expect(() => seedStorage(site, world.store, path, manifest.entries, null)).toThrow(
        expect.objectContaining({ code: "PLACE_TAKEN" }),
      );
    }
    expect(readdirSync(outside)).toEqual([]);
    // Whoever follows it gets there.
    mkdirSync(at.storage(site, "data/x/deep"));
    expect(readdirSync(outside)).toEqual(["deep"]);
  });

  test("takes only what lies below, not what begins alike", () => {
    const { site } = seed("up", { "up/a": file("one"), "upload/b": file("two"), "up.txt": file("three") });
    expect(readdirSync(at.storage(site, "up"))).toEqual(["a"]);
  });

  test("is never overwritten, whatever is there: not a file, not an empty folder, not a symlink to nowhere", () => {
    const stage = makeStage();
    const scene = stage.scene({ storage: ["a", "b", "c"] });
    const { manifest } = stage.make(scene, { "a/x": file("new"), b: file("new"), "c/x": file("new") });
    putFile(at.storage(scene.site, "b"), "old");
    mkdirSync(at.storage(scene.site, "a"));
    symlinkSync("/nowhere", at.storage(scene.site, "c"));
    expect(missingStorage(scene.site, ["a", "b", "c", "d"])).toEqual(["d"]);
    for (const path of ["a", "b", "c"])
      seedStorage(scene.site, stage.world.store, path, manifest.entries, null);
    expect(readTree(at.storage(scene.site))).toEqual({ a: "755 folder", b: "644 old", c: "-> /nowhere" });
  });

  test("is one for all releases, in the place of what they bring", async () => {
    const stage = makeStage();
    const scene = stage.scene({ storage: ["uploads"] });
    for (const n of ["1", "2"]) {
      stage.make(scene, { "index.html": file(n), "uploads/seed": file(n) }, n);
      await operations.stage(scene, { release: n, dryRun: false });
      await operations.switch(scene, { force: true, dryRun: false });
    }
    putFile(at.storage(scene.site, "uploads/photo"), "from a visitor");
    for (const n of ["1", "2"]) {
      expect(readFileSync(join(at.release(scene.site, n), "uploads/seed"), "utf8")).toBe("1");
      expect(readFileSync(join(at.release(scene.site, n), "uploads/photo"), "utf8")).toBe("from a visitor");
    }
  });

  test("that is declared later is linked into the next release, and the one before keeps its own", async () => {
    const stage = makeStage();
    const things = (n: string) => ({ "index.html": file(n), "uploads/seed": file(n) });
    stage.make(stage.scene(), things("1"), "1");
    await operations.stage(stage.scene(), { release: "1", dryRun: false });
    await operations.switch(stage.scene(), { force: true, dryRun: false });
    const later = stage.scene({ storage: ["uploads"] });
    stage.make(later, things("2"), "2");
    await operations.stage(later, { release: "2", dryRun: false });
    expect(readFileSync(join(at.release(later.site, "1"), "uploads/seed"), "utf8")).toBe("1");
    putFile(at.storage(later.site, "uploads/seed"), "changed");
    expect(readFileSync(join(at.release(later.site, "2"), "uploads/seed"), "utf8")).toBe("changed");
    expect(readFileSync(join(at.release(later.site, "1"), "uploads/seed"), "utf8")).toBe("1");
  });
});
