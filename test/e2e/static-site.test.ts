import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ask } from "./ask.ts";
import { makeWorld } from "./world.ts";

const SITE = {
  "greenroom.json": {
    project: "shop",
    storage: ["uploads"],
    config: { "settings.json": "deploy/settings.json.hbs" },
    checks: [{ http: "/", contains: "Shop" }, { files: ["index.html"] }],
    environments: {
      production: { domain: "shop.localhost", values: { db: "shop" } },
      staging: { domain: "staging.shop.localhost", values: { db: "staging" }, previews: "open" },
    },
  },
  "deploy/settings.json.hbs": '{ "db": "{{db}}" }',
  "uploads/hello.txt": "seed",
  "index.html": "<h1>Shop 1</h1>",
};

describe("a static site, from nothing to a rollback", () => {
  test("goes live with the first deploy, rehearses the second, switches, rolls back", async () => {
    const shop = makeWorld(SITE);
    const up = await shop.up();
    const first = await shop.greenroom("deploy", "production");
    expect(first).toMatchObject({ exit: 0, result: { live: true, changed: true, warnings: [] } });
    expect((await ask(up.port, "shop.localhost")).body).toBe("<h1>Shop 1</h1>");

    shop.write({ "index.html": "<h1>Shop 2</h1>" });
    const second = await shop.greenroom("deploy", "production");
    expect(second).toMatchObject({ exit: 0, result: { live: false } });
    expect((await ask(up.port, "shop.localhost")).body).toBe("<h1>Shop 1</h1>");
    const rehearsal = new URL(second.result.urls.rehearsal);
    expect(Number(rehearsal.port)).toBe(up.port);
    const preview = await ask(up.port, rehearsal.host);
    expect(preview.body).toBe("<h1>Shop 2</h1>");
    expect(preview.headers["x-robots-tag"]).toContain("noindex");

    expect(await shop.greenroom("switch", "production")).toMatchObject({
      exit: 0,
      result: { live: { side: "green" } },
    });
    expect((await ask(up.port, "shop.localhost")).body).toBe("<h1>Shop 2</h1>");
    const back = await shop.greenroom("rollback", "production");
    expect(back).toMatchObject({ exit: 0, result: { left: second.result.release } });
    expect((await ask(up.port, "shop.localhost")).body).toBe("<h1>Shop 1</h1>");
    expect(await shop.greenroom("rollback", "production")).toMatchObject({
      exit: 13,
      error: { code: "NO_RELEASE_BEFORE" },
    });
  });

  test("switches to a release that is named only where it rehearses, and once", async () => {
    const shop = makeWorld(SITE);
    await shop.greenroom("deploy", "production", "--version", "1");
    await shop.greenroom("deploy", "production", "--version", "1");
    shop.write({ "index.html": "<h1>Shop 2</h1>" });
    await shop.greenroom("deploy", "production", "--version", "2");
    expect(await shop.greenroom("switch", "production", "--release", "3")).toMatchObject({
      exit: 13,
      error: { code: "REHEARSAL_CHANGED" },
    });
    for (let i = 0; i < 2; i++) {
      expect(await shop.greenroom("switch", "production", "--release", "2")).toMatchObject({
        exit: 0,
        result: { live: { release: "2" } },
      });
    }
  });

  test("keeps storage and renders config for each environment", async () => {
    const shop = makeWorld(SITE);
    await shop.greenroom("deploy", "production");
    await shop.greenroom("deploy", "staging");
    const production = join(shop.root, "sites/shop/production");
    const settings = (environment: string) =>
      readFileSync(join(shop.root, "sites/shop", environment, "current/settings.json"), "utf8");
    expect(settings("production")).toBe('{ "db": "shop" }');
    expect(settings("staging")).toBe('{ "db": "staging" }');
    shop.write({ "uploads/hello.txt": "must not overwrite", "index.html": "Shop 2" });
    await shop.greenroom("deploy", "production", "--switch");
    expect(readFileSync(join(production, "current/uploads/hello.txt"), "utf8")).toBe("seed");
  });

  test("the same content is the same release, in every environment", async () => {
    const shop = makeWorld(SITE);
    const first = await shop.greenroom("deploy", "production");
    expect(await shop.greenroom("stage", "production")).toMatchObject({
      exit: 0,
      result: { changed: false },
    });
    const staged = await shop.greenroom("stage", "staging");
    expect(staged.result.release).toBe(first.result.release);
  });

  test("open previews show every version on disk under its name", async () => {
    const shop = makeWorld(SITE);
    const up = await shop.up();
    await shop.greenroom("deploy", "staging", "--version", "v1");
    shop.write({ "index.html": "Shop 2" });
    await shop.greenroom("deploy", "staging", "--version", "v2");
    expect((await ask(up.port, "v1.staging.shop.localhost")).body).toBe("<h1>Shop 1</h1>");
    expect((await ask(up.port, "v2.staging.shop.localhost")).body).toBe("Shop 2");
    expect((await ask(up.port, "rehearsal.staging.shop.localhost")).body).toBe("Shop 2");
    expect((await ask(up.port, "v3.staging.shop.localhost")).status).toBe(404);
  });

  test("a canary gives its share of the visitors the rehearsal, and ends", async () => {
    const shop = makeWorld(SITE);
    await shop.greenroom("deploy", "production");
    shop.write({ "index.html": "Shop 2" });
    await shop.greenroom("deploy", "production");
    expect((await shop.greenroom("canary", "production", "5")).result.traffic).toEqual({
      blue: 95,
      green: 5,
    });
    expect(await shop.greenroom("stage", "production", "--release", "nothing")).toMatchObject({
      exit: 12,
      error: { code: "VERSION_UNKNOWN" },
    });
    expect(await shop.greenroom("stage", "production", "--release", "../../x")).toMatchObject({ exit: 2 });
    shop.write({ "index.html": "Shop 3" });
    expect(await shop.greenroom("stage", "production")).toMatchObject({
      exit: 13,
      error: { code: "CANARY_ACTIVE" },
    });
    expect((await shop.greenroom("canary", "production", "0")).result.traffic).toEqual({
      blue: 100,
      green: 0,
    });
    expect((await shop.greenroom("stage", "production")).exit).toBe(0);
  });

  test("keeps as many releases as wanted, and prunes what nobody needs", async () => {
    const shop = makeWorld(SITE);
    for (let i = 1; i <= 8; i++) {
      shop.write({ "index.html": `Shop ${i}` });
      await shop.greenroom("deploy", "production", "--switch");
    }
    const releases = join(shop.root, "sites/shop/production/releases");
    expect(readdirSync(releases).filter((name) => !name.startsWith("."))).toHaveLength(5);
    const dry = await shop.greenroom("prune", "production", "--dry-run");
    expect(dry.result.dropped).toHaveLength(3);
    const pruned = await shop.greenroom("prune", "production");
    expect(pruned.result.dropped).toEqual(dry.result.dropped);
    expect((await shop.greenroom("releases", "production")).result.releases).toHaveLength(5);
    expect((await shop.greenroom("verify", "production")).exit).toBe(0);
  });

  test("a live production environment is removed only by force, and its storage stays", async () => {
    const shop = makeWorld(SITE);
    await shop.greenroom("deploy", "production");
    expect(await shop.greenroom("remove", "production")).toMatchObject({
      exit: 13,
      error: { code: "ENVIRONMENT_LIVE" },
    });
    const removed = await shop.greenroom("remove", "production", "--force");
    expect(removed).toMatchObject({ exit: 0 });
    expect(readFileSync(join(removed.result.storage, "uploads/hello.txt"), "utf8")).toBe("seed");
    expect(existsSync(join(shop.root, "hosts/shop.localhost"))).toBe(false);
    expect(await shop.greenroom("deploy", "production")).toMatchObject({ exit: 0, result: { live: true } });
  });
});

test("an address changes with what is live, there and back", async () => {
  const shop = makeWorld({ "index.html": "one", "greenroom.json": projectAt("old.localhost") });
  const up = await shop.up();
  await shop.greenroom("deploy", "production");
  shop.write({ "greenroom.json": projectAt("new.localhost") });
  const staged = await shop.greenroom("deploy", "production");
  expect(staged.result.urls.live).toContain("old.localhost");
  expect((await ask(up.port, new URL(staged.result.urls.rehearsal).host)).body).toBe("one");
  const answers = async () => [
    (await ask(up.port, "old.localhost")).status,
    (await ask(up.port, "new.localhost")).status,
  ];
  expect(await answers()).toEqual([200, 404]);
  await shop.greenroom("switch", "production");
  expect(await answers()).toEqual([404, 200]);
  await shop.greenroom("rollback", "production");
  expect(await answers()).toEqual([200, 404]);
  expect(await shop.greenroom("switch", "production")).toMatchObject({
    exit: 12,
    error: { code: "RELEASE_BAD" },
  });
  expect(await shop.greenroom("switch", "production", "--force")).toMatchObject({ exit: 0 });
  expect(await answers()).toEqual([404, 200]);
});

test("a release that nobody knows how to serve is staged again before it gets visitors", async () => {
  const shop = makeWorld({ "index.html": "one", "greenroom.json": projectAt("shop.localhost") });
  await shop.greenroom("deploy", "production");
  shop.write({ "index.html": "two" });
  const { result } = await shop.greenroom("deploy", "production");
  rmSync(join(shop.root, "sites/shop/production/config", `${result.release}.json`));
  expect(await shop.greenroom("switch", "production")).toMatchObject({ exit: 22 });
  expect(await shop.greenroom("stage", "production", "--release", result.release)).toMatchObject({ exit: 0 });
  await shop.greenroom("check", "production");
  expect(await shop.greenroom("switch", "production")).toMatchObject({ exit: 0 });
});

function projectAt(domain: string) {
  return { project: "shop", environments: { production: { domain } } };
}
