import { lstatSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isStagedAs, readStaged, writeConfig } from "../../src/environment/config.ts";
import { environmentLinks, treeEntries } from "../../src/environment/links.ts";
import { at } from "../../src/environment/site.ts";
import type { PhpServing, Serving } from "../../src/environment/spec.ts";
import { operations } from "../../src/servers/operations.ts";
import { entriesOf, file } from "../release/world.ts";
import { errorFrom, errorOf, makeStage } from "./world.ts";

const config = [{ path: "config/deep/db.json", content: '{"password":"s3cret"}' }];

const PHP: PhpServing = {
  kind: "php",
  public: "public",
  front: "index.php",
  health: "/",
  user: null,
  php: { memory: 1, upload: 1, time: 1000, workers: 1, confined: false, ini: {} },
};

async function staged() {
  const stage = makeStage();
  const scene = stage.scene({ config });
  stage.make(scene, { "index.html": file("one"), "config/deep/db.json": file("in the repository") }, "1");
  await operations.stage(scene, { release: "1", dryRun: false });
  return { stage, scene };
}

describe("a rendered file", () => {
  test("is linked into the release, and kept outside of it", async () => {
    const { scene } = await staged();
    const inside = join(at.release(scene.site, "1"), "config/deep/db.json");
    expect(readlinkSync(inside)).toBe("../../../../config/1/config/deep/db.json");
    expect(readFileSync(inside, "utf8")).toBe(config[0]!.content);
    expect(lstatSync(join(at.config(scene.site, "1"), "config/deep/db.json")).isFile()).toBe(true);
  });

  test.each<[path: string, serve: Serving, mode: number]>([
    ["site/robots.txt", { kind: "static", public: "site" }, 0o644],
    ["robots.txt", { kind: "static", public: "." }, 0o644],
    ["sites/db.json", { kind: "static", public: "site" }, 0o640],
    ["site/.env", { kind: "static", public: "site" }, 0o640],
    ["site/.well-known/security.txt", { kind: "static", public: "site" }, 0o644],
    ["site/config.php", { kind: "static", public: "site" }, 0o644],
    ["site/config.php", { ...PHP, public: "site" }, 0o640],
    ["config.PHTML", { ...PHP, public: "." }, 0o640],
    ["robots.txt", { ...PHP, public: "." }, 0o644],
  ])("%s of %j has the mode %i: what visitors see, anybody may", async (path, serve, mode) => {
    const stage = makeStage();
    const scene = stage.scene({ config: [{ path, content: "" }], serve });
    writeConfig(scene.site, { version: "1", entries: [] }, scene.spec, null);
    expect(statSync(join(at.config(scene.site, "1"), path)).mode & 0o777).toBe(mode);
  });

  test("isn't in the record of how the release is served, which others can't read either", async () => {
    const { scene } = await staged();
    expect(statSync(at.staged(scene.site, "1")).mode & 0o777).toBe(0o640);
    expect(readFileSync(at.staged(scene.site, "1"), "utf8")).not.toContain("s3cret");
    expect(readStaged(scene.site, "1")?.config).toEqual(["config/deep/db.json"]);
  });

  test("is each release's own", async () => {
    const { stage } = await staged();
    const later = stage.scene({ config: [{ path: "config/deep/db.json", content: "new" }] });
    await operations.switch(later, { force: true, dryRun: false });
    stage.make(later, { "index.html": file("two") }, "2");
    await operations.stage(later, { release: "2", dryRun: false });
    expect(readFileSync(join(at.release(later.site, "1"), "config/deep/db.json"), "utf8")).toBe(
      config[0]!.content,
    );
    expect(readFileSync(join(at.release(later.site, "2"), "config/deep/db.json"), "utf8")).toBe("new");
  });

  test("can't change under a release that is on a side", async () => {
    const { stage } = await staged();
    const later = stage.scene({ config: [{ path: "config/deep/db.json", content: "new" }] });
    const error = await errorFrom(operations.stage(later, { release: "1", dryRun: false }));
    expect(error.code).toBe("VERSION_EXISTS");
    expect(readFileSync(join(at.release(later.site, "1"), "config/deep/db.json"), "utf8")).toBe(
      config[0]!.content,
    );
    // The same content with other configuration is a release of its own.
    expect(
      stage.make(later, { "index.html": file("one"), "config/deep/db.json": file("in the repository") })
        .manifest.version,
    ).not.toBe("1");
  });
});

describe("whether a release is staged as the specification says", () => {
  test("depends on how it is served, its variables, storage, rendered files and address, not on checks", async () => {
    const { stage, scene } = await staged();
    const same = (more: object) => isStagedAs(scene.site, "1", { ...scene.spec, ...more });
    expect(same({})).toBe(true);
    expect(same({ checks: [{ shrinks: 1 }], keep: 9, hooks: {} })).toBe(true);
    expect(same({ domain: "x" })).toBe(false);
    expect(same({ env: { A: "1" } })).toBe(false);
    expect(same({ storage: ["uploads"] })).toBe(false);
    expect(same({ serve: { kind: "static", public: "public" } })).toBe(false);
    expect(same({ config: [] })).toBe(false);
    expect(same({ config: [{ ...config[0]!, content: "other" }] })).toBe(false);
    expect(isStagedAs(scene.site, "2", stage.scene().spec)).toBe(false);
    rmSync(join(at.config(scene.site, "1"), "config/deep/db.json"));
    expect(same({})).toBe(false);
  });
});

describe("an environment's links", () => {
  test("climb from where they are to the site, however deep", () => {
    expect(environmentLinks(["a", "a-b/c/d"], ["x/y"], "2026.1")).toEqual([
      { path: "a", target: "../../storage/a" },
      { path: "a-b/c/d", target: "../../../../storage/a-b/c/d" },
      { path: "x/y", target: "../../../config/2026.1/x/y" },
    ]);
  });

  test("are refused where a file of the release is in their way", () => {
    const entries = entriesOf({ data: file("a file"), "index.html": file("one") });
    const error = errorOf(() => treeEntries(entries, environmentLinks(["data/uploads"], [], "1")));
    expect([error.code, error.message]).toEqual([
      "CONFIG_INVALID",
      "data/uploads can't be linked in: data is a file in the release",
    ]);
  });
});
