import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadProject } from "../../src/project/load.ts";
import { chooseVersion } from "../../src/project/make-release.ts";
import { type Source, withSource } from "../../src/project/source.ts";
import { errorFrom, errorOf } from "../environment/world.ts";
import { temporaryFolder } from "../release/world.ts";

const quiet = { emit: () => {}, build: true };

function newProject(more: object = {}, dir = temporaryFolder()) {
  mkdirSync(dir, { recursive: true });
  const file = { project: "shop", environments: { production: { domain: "shop.localhost" } }, ...more };
  writeFileSync(join(dir, "greenroom.json"), JSON.stringify(file));
  writeFileSync(join(dir, "index.html"), "one");
  return { dir, project: loadProject(dir) };
}

function git(dir: string, ...args: string[]): string {
  const who = [
    "-c",
    "user.name=T",
    "-c",
    "user.email=t@localhost",
    "-c",
    "commit.gpgsign=false",
    "-c",
    "tag.gpgsign=false",
  ];
  return execFileSync("git", [...who, ...args], {
    cwd: dir,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}

function newRepository(more: object = {}, inner = "") {
  const root = temporaryFolder();
  git(root, "init", "-q", "-b", "main");
  const made = newProject(more, join(root, inner));
  git(root, "add", "--all");
  git(root, "commit", "-qm", "one");
  return { root, ...made };
}

const look = async (source: Source) => ({
  ...source,
  files: readdirSync(source.dir).sort(),
  page: readFileSync(join(source.dir, "index.html"), "utf8"),
});

describe("a release's source", () => {
  test("is the project's folder, built", async () => {
    const { project, dir } = newProject({
      build: { run: ["mkdir out", "cp index.html out/; echo built >> out/index.html"], output: "out" },
    });
    const seen = await withSource(project, undefined, quiet, look);
    expect(seen).toMatchObject({ dir: join(dir, "out"), commit: null, tag: null, page: "onebuilt\n" });
  });

  test("is another folder as it stands, not built", async () => {
    const { project } = newProject({ build: { run: ["exit 1"] } });
    const other = temporaryFolder();
    writeFileSync(join(other, "index.html"), "other");
    expect(await withSource(project, other, quiet, look)).toMatchObject({
      dir: other,
      page: "other",
      from: other,
    });
  });

  test("is a commit, checked out beside the user's own files and taken away again", async () => {
    const { project, dir } = newRepository();
    const commit = git(dir, "rev-parse", "HEAD");
    git(dir, "tag", "v1.2");
    writeFileSync(join(dir, "index.html"), "two, not committed");
    writeFileSync(join(dir, "junk"), "");
    const seen = await withSource(project, "v1.2", quiet, look);
    expect(seen).toMatchObject({ commit, tag: "v1.2", page: "one", from: "v1.2" });
    expect(seen.files).not.toContain("junk");
    expect(existsSync(seen.dir)).toBe(false);
    expect(git(dir, "worktree", "list").split("\n")).toHaveLength(1);
    expect(readFileSync(join(dir, "index.html"), "utf8")).toBe("two, not committed");
  });

  test("is the project's own folder of a larger repository", async () => {
    const { project } = newRepository({}, "apps/shop");
    const seen = await withSource(project, "main", quiet, look);
    expect(seen.files).toContain("greenroom.json");
    expect(seen.dir).toMatch(/apps\/shop$/);
  });

  test("is built as the commit says, for the environments that there are today", async () => {
    const { dir } = newRepository({ build: { run: ["echo old > index.html"] } });
    const { project } = newProject(
      { build: { run: ["exit 1"] }, environments: { today: { domain: "t.localhost" } } },
      dir,
    );
    const seen = await withSource(project, "HEAD", quiet, look);
    expect(seen.page).toBe("old\n");
    expect(Object.keys(seen.project.file.environments)).toEqual(["today"]);
  });

  test("leaves nothing behind where its build fails", async () => {
    const { project, dir } = newRepository({ build: { run: ["echo what went wrong; exit 7"] } });
    const error = await errorFrom(withSource(project, "main", quiet, look));
    expect([error.code, error.message]).toEqual([
      "BUILD_FAILED",
      'the build command "echo what went wrong; exit 7" ended with 7',
    ]);
    expect(error.detail).toContain("what went wrong");
    expect(git(dir, "worktree", "list").split("\n")).toHaveLength(1);
  });

  test("isn't built for a dry run", async () => {
    const { project } = newProject({ build: { run: ["exit 1"] } });
    expect((await withSource(project, undefined, { ...quiet, build: false }, look)).page).toBe("one");
  });

  const missing: [string, string][] = [
    ["nowhere", '"nowhere" is neither a folder nor a git ref'],
    ["--all", '"--all" is neither a folder nor a git ref'],
    ["index.html", "is not a folder"],
  ];
  test.each(missing)("isn't %s", async (from, message) => {
    const { project, dir } = newRepository();
    const given = from === "index.html" ? join(dir, from) : from;
    const error = await errorFrom(withSource(project, given, quiet, look));
    expect(error.code).toBe("SOURCE_MISSING");
    expect(error.message).toContain(message);
  });

  test("isn't a build's output that isn't there", async () => {
    const { project } = newProject({ build: { output: "dist" } });
    const error = await errorFrom(withSource(project, undefined, quiet, look));
    expect([error.code, error.hint]).toEqual(["SOURCE_MISSING", "check build.output in greenroom.json"]);
  });
});

describe("a release's version", () => {
  const source = (tag: string | null) => ({ tag }) as Source;

  test("is what the user says, else the tag, else left to the day", () => {
    expect(chooseVersion("mine", source("v1"))).toBe("mine");
    expect(chooseVersion(undefined, source("v1"))).toBe("v1");
    expect(chooseVersion(undefined, source(null))).toBe(null);
    expect(chooseVersion(undefined, source("Release/1"))).toMatch(/^release-1-[0-9a-f]{6}$/);
    expect(errorOf(() => chooseVersion("Mine", source(null))).code).toBe("NAME_INVALID");
    expect(errorOf(() => chooseVersion("live", source(null))).code).toBe("NAME_INVALID");
  });

  test("is the tag of files that are just what was tagged, and of no others", async () => {
    const { project, dir } = newRepository();
    git(dir, "tag", "v1");
    git(dir, "tag", "v1.10");
    git(dir, "tag", "v1.9");
    const tag = async () => (await withSource(project, undefined, quiet, look)).tag;
    expect(await tag()).toBe("v1.10");
    writeFileSync(join(dir, "new"), "");
    expect(await tag()).toBe(null);
    rmSync(join(dir, "new"));
    writeFileSync(join(dir, "index.html"), "changed");
    expect(await tag()).toBe(null);
  });
});
