import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createIgnores } from "../../src/project/ignores.ts";
import { temporaryFolder } from "../release/world.ts";

function ignores(patterns: string[], file?: string) {
  const dir = temporaryFolder();
  if (file !== undefined) writeFileSync(join(dir, ".greenroomignore"), file);
  return createIgnores(dir, patterns);
}

describe("what stays out of a release", () => {
  test.each([
    ".git/",
    "a/.git/",
    ".git",
    "sub/.git",
    ".svn/",
    "a/b/CVS/",
    ".hg/",
    ".jj/",
    ".greenroomignore",
    "greenroom.json",
  ])("is %s, whatever the patterns say", (path) => {
    expect(ignores([])(path)).toBe(true);
    expect(ignores(["!.git", "!CVS"], "!.git/\n!*")(path)).toBe(true);
  });

  test.each([
    ".gitignore",
    "a.git/",
    "git/",
    "sub/greenroom.json",
    "sub/.greenroomignore",
    ".github/",
    "src/cvs.ts",
  ])("isn't %s", (path) => expect(ignores([])(path)).toBe(false));

  test("follows .greenroomignore, then the project's own patterns, as .gitignore does", () => {
    const ignored = ignores(["!keep.log", "/top", "a/**/z"], "# comment\n\n*.log\ntests/\n");
    const out = ["x.log", "a/b/x.log", "tests/", "deep/tests/", "top", "a/z", "a/b/c/z"];
    const inside = ["keep.log", "a/keep.log", "tests", "sub/top", "b/z", "x.logs"];
    expect(out.filter((path) => !ignored(path))).toEqual([]);
    expect(inside.filter((path) => ignored(path))).toEqual([]);
  });

  test("tells large letters from small ones", () => {
    const ignored = ignores(["build/", "*.log"]);
    expect([ignored("build/"), ignored("Build/"), ignored("a.log"), ignored("A.LOG")]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});
