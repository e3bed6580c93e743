import { existsSync, readFileSync, statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { dropAssets, isForever, isHashed, keepAssets } from "../../src/environment/assets.ts";
import { at } from "../../src/environment/site.ts";
import { readRelease } from "../../src/release/store.ts";
import { file } from "../release/world.ts";
import { makeStage } from "./world.ts";

test.each([
  ["assets/index-BkT3x9aZ.js", true],
  ["static/js/main.8f3a2b1c.chunk.js", true],
  ["_next/static/chunks/4bd1b696-18452535c1c1c5bc.js", true],
  ["_astro/page.D4kf92aB.css", true],
  ["fonts/inter.9f8e7d6c5b.woff2", true],
  ["index.html", false],
  ["about-8f3a2b1c.html", false],
  ["js/jquery-3.7.1.min.js", false],
  ["css/style.css", false],
  ["photos/holidays.jpg", false],
  ["reports/20241112.pdf", false],
  ["js/analytics.js", false],
])("%s is hashed: %s", (path, hashed) => {
  expect(isHashed(`/${path}`)).toBe(hashed);
});

test.each([
  ["_next/static/chunks/main.js", true],
  ["_app/immutable/entry.js", true],
  ["js/main.8f3a2b1c.chunk.js", true],
  ["build/page.js", true],
  ["other/build/page.js", false],
  ["index.html", false],
  ["img/hero-2023summer.jpg", false],
  ["img/photo-20240101.jpg", false],
  ["img/facade-deadbeef.jpg", false],
  ["assets/index-BkT3x9aZ.js", false],
])("%s needn't be asked for again: %s", (path, forever) => {
  expect(isForever(`/${path}`, ["build"])).toBe(forever);
});

describe("hashed files", () => {
  const files = (chunk: string) => ({
    "index.html": file(`page ${chunk}`),
    "dist/index.html": file(chunk),
    [`dist/assets/app-${chunk}.js`]: file(chunk),
    "dist/assets/vendor-Aa1Bb2Cc.js": file("vendor"),
  });

  test("stay as long as one of their releases is on disk, and share its content", () => {
    const stage = makeStage();
    const scene = stage.scene();
    for (const [version, chunk] of Object.entries({ "1": "aaaa1111", "2": "bbbb2222" })) {
      stage.make(scene, files(chunk), version);
      keepAssets(scene.site, scene.world.store, readRelease(scene.world.store, "shop", version), "dist");
    }
    const asset = (name: string) => at.asset(scene.site, `assets/${name}`);
    expect(readFileSync(asset("app-aaaa1111.js"), "utf8")).toBe("aaaa1111");
    expect(statSync(asset("vendor-Aa1Bb2Cc.js")).nlink).toBeGreaterThan(1);
    expect(existsSync(at.asset(scene.site, "index.html"))).toBe(false);
    dropAssets(scene.site, "1");
    expect(existsSync(asset("app-aaaa1111.js"))).toBe(false);
    expect(existsSync(asset("vendor-Aa1Bb2Cc.js"))).toBe(true);
    dropAssets(scene.site, "2");
    expect(existsSync(at.asset(scene.site, "assets"))).toBe(false);
  });
});
