import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeWorld, type World } from "./world.ts";

const SITE = {
  "greenroom.json": {
    project: "shop",
    build: { run: ["mkdir -p dist && tr a-z A-Z < page.txt > dist/index.html"], output: "dist" },
    environments: { production: { domain: "shop.localhost" } },
  },
  "page.txt": "one",
  ".gitignore": "dist/\n",
};

function git(world: World, ...argv: string[]): string {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
  return execFileSync("git", [...identity, ...argv], { cwd: world.project, encoding: "utf8" }).trim();
}

function commit(world: World, text: string): string {
  world.write({ "page.txt": text });
  git(world, "add", "-A");
  git(world, "commit", "-qm", text);
  return git(world, "rev-parse", "HEAD");
}

function livePage(world: World): string {
  return readFileSync(join(world.root, "sites/shop/production/current/index.html"), "utf8");
}

test("a git ref is checked out beside the user's files, built, and named after its tag", async () => {
  const shop = makeWorld(SITE);
  git(shop, "init", "-q");
  commit(shop, "one");
  git(shop, "tag", "v1.2");
  commit(shop, "two");
  shop.write({ "page.txt": "not committed" });
  const old = await shop.greenroom("deploy", "production", "--from", "v1.2");
  expect(old).toMatchObject({ exit: 0, result: { release: "v1.2" } });
  expect(livePage(shop)).toBe("ONE");
  expect(git(shop, "worktree", "list").split("\n")).toHaveLength(1);
  expect(readFileSync(join(shop.project, "page.txt"), "utf8")).toBe("not committed");
  expect(git(shop, "status", "--porcelain")).toBe("M page.txt");
});

test.each([
  ["v1", "v1"],
  ["refs/tags/v2", "v2"],
  ["HEAD", "v3"],
])("of several tags on a commit, the one that was typed names the release: %s", async (from, release) => {
  const shop = makeWorld(SITE);
  git(shop, "init", "-q");
  commit(shop, "one");
  for (const tag of ["v1", "v2", "v3"]) git(shop, "tag", tag);
  expect(await shop.greenroom("stage", "--from", from)).toMatchObject({ exit: 0, result: { release } });
});

test("a clean working tree at a tag is that version; one that was edited isn't", async () => {
  const shop = makeWorld(SITE);
  git(shop, "init", "-q");
  commit(shop, "one");
  git(shop, "tag", "Release/1");
  const clean = await shop.greenroom("deploy", "production");
  expect(clean.result.release).toMatch(/^release-1-[0-9a-f]{6}$/);
  shop.write({ "page.txt": "edited" });
  const edited = await shop.greenroom("stage", "production");
  expect(edited.result.release).toMatch(/^\d{4}\.\d\d\.\d\d\.1$/);
});

test("a build that fails says its last lines, and nothing is made", async () => {
  const shop = makeWorld({
    ...SITE,
    "greenroom.json": {
      ...SITE["greenroom.json"],
      build: { run: ["echo the reason >&2; exit 3"], output: "." },
    },
  });
  const { exit, error } = await shop.greenroom("deploy");
  expect([exit, error?.code, error?.detail]).toEqual([11, "BUILD_FAILED", ["the reason"]]);
});

test("--merge lays the files over the live release", async () => {
  const shop = makeWorld({
    "greenroom.json": { project: "shop", environments: { production: { domain: "shop.localhost" } } },
    "index.html": "one",
    "kept.txt": "kept",
  });
  await shop.greenroom("deploy");
  const upload = makeWorld({ "index.html": "two", "new/more.txt": "more" });
  const merged = await shop.greenroom("deploy", "--merge", "--switch", "--from", upload.project);
  expect(merged).toMatchObject({ exit: 0, result: { live: true } });
  const live = join(shop.root, "sites/shop/production/current");
  expect(
    ["index.html", "kept.txt", "new/more.txt"].map((file) => readFileSync(join(live, file), "utf8")),
  ).toEqual(["two", "kept", "more"]);
});
