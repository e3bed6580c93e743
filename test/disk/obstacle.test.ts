import { mkdirSync, openSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { blameRoot } from "../../src/commands/blame-root.ts";
import { ensureDirectory, readJson } from "../../src/disk/durable.ts";
import { translateErrno } from "../../src/errors.ts";
import { errorOf } from "../environment/world.ts";
import { temporaryFolder } from "../release/world.ts";

describe("what stands where Greenroom's own belongs", () => {
  const acts: [string, string, (root: string) => unknown][] = [
    ["a file on the way to a file", "taken", (root) => openSync(join(root, "taken/lock"), "w")],
    ["a file in a folder's place", "taken", (root) => readdirSync(join(root, "taken"))],
    ["a file in the place of a folder to be made", "taken", (root) => ensureDirectory(join(root, "taken"))],
    ["a file above a folder to be made", "taken", (root) => ensureDirectory(join(root, "taken/a/b"))],
    ["a folder in a file's place", "folder", (root) => openSync(join(root, "folder"), "a+")],
    [
      "a folder where a file is put",
      "folder",
      (root) => renameSync(join(root, "taken"), join(root, "folder")),
    ],
    ["a folder in the place of JSON", "folder", (root) => readJson(join(root, "folder"))],
  ];
  test.each(acts)("%s is named, with how to move it away", (_, name, act) => {
    const root = temporaryFolder();
    writeFileSync(join(root, "taken"), "");
    mkdirSync(join(root, "folder"));
    const place = join(root, name);
    for (const translate of [(error: unknown) => error, translateErrno]) {
      const error = errorOf(() => {
        try {
          act(root);
        } catch (thrown) {
          throw blameRoot(translate(thrown), root);
        }
      });
      expect([error.code, error.hint]).toEqual(["PLACE_TAKEN", `move it away: mv ${place} ${place}.aside`]);
    }
  });

  test("isn't the root itself: that is said of the root", () => {
    const root = join(temporaryFolder(), "root");
    writeFileSync(root, "");
    const error = errorOf(() => {
      try {
        ensureDirectory(join(root, "store"));
      } catch (thrown) {
        throw blameRoot(thrown, root);
      }
    });
    expect(error.code).toBe("ROOT_UNUSABLE");
  });
});

describe("a folder and those above it", () => {
  test("are made with the mode that was asked for", () => {
    const place = join(temporaryFolder(), "a/b/c");
    ensureDirectory(place, 0o700);
    ensureDirectory(place);
    expect(statSync(place).mode & 0o777).toBe(0o700);
  });

  test.skipIf(process.platform !== "linux")("are refused at once where nothing can be made", () => {
    expect(() => ensureDirectory("/proc/nothing/here")).toThrow(/ENOENT/);
  });
});
