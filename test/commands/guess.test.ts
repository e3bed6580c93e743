import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { answersOf, guessFrom } from "../../src/commands/guess.ts";
import { putFile } from "../environment/world.ts";
import { temporaryFolder } from "../release/world.ts";

function folder(name: string, files: Record<string, string> = {}): string {
  const dir = join(temporaryFolder(), name);
  mkdirSync(dir);
  for (const [path, content] of Object.entries(files)) putFile(join(dir, path), content);
  return dir;
}

describe("what a folder suggests", () => {
  test.each([
    ["shop", "shop", "shop.localhost"],
    ["My Shöp!", "my-shop", "my-shop.localhost"],
    ["shop.example.com", "shop.example.com", "shop-example-com.localhost"],
    ["_..a--b", "a-b", "a-b.localhost"],
    ["日本", "site", "site.localhost"],
    ["x".repeat(60), "x".repeat(40), `${"x".repeat(40)}.localhost`],
  ])("%s is the project %s at %s", (name, project, domain) => {
    expect(answersOf(guessFrom(folder(name)))).toMatchObject({ project, domain });
  });

  test("is a server where there is something to start and nothing to show", () => {
    const scripts = JSON.stringify({ scripts: { start: "node server.js" } });
    const serves = (files: Record<string, string>) => {
      const { kind, serves } = answersOf(guessFrom(folder("a", files)));
      return [kind, serves];
    };
    expect(serves({ "package.json": scripts })).toEqual(["process", "node server.js"]);
    expect(serves({ "package.json": scripts, "index.html": "" })).toEqual(["static", "."]);
    expect(serves({ "package.json": scripts, "dist/index.html": "" })).toEqual(["static", "dist"]);
    expect(serves({ "package.json": "garbage" })).toEqual(["static", "."]);
  });

  test("is a PHP site where there is a script to begin with, or what PHP projects have", () => {
    const scripts = JSON.stringify({ scripts: { start: "vite", dev: "vite" } });
    const serves = (files: Record<string, string>) => {
      const { kind, serves } = answersOf(guessFrom(folder("a", files)));
      return [kind, serves];
    };
    expect(serves({ "index.php": "" })).toEqual(["php", "."]);
    expect(serves({ "public/index.php": "", "composer.json": "{}" })).toEqual(["php", "public"]);
    expect(serves({ "public/index.php": "", "index.php": "", "package.json": scripts })).toEqual([
      "php",
      "public",
    ]);
    expect(serves({ "web/index.php": "", "web/index.html": "" })).toEqual(["php", "web"]);
    expect(serves({ "composer.json": "{}", "public/app.php": "" })).toEqual(["php", "public"]);
    expect(serves({ "composer.json": "{}" })).toEqual(["php", "."]);
    expect(serves({ "composer.json": "{}", "dist/index.html": "" })).toEqual(["static", "dist"]);
    expect(serves({ "composer.json": "{}", "package.json": scripts })).toEqual(["process", "vite"]);
  });
});
