import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { at } from "../../src/environment/site.ts";
import type { Scene } from "../../src/environment/world.ts";
import { GreenroomError } from "../../src/errors.ts";
import { parseProject } from "../../src/project/load.ts";
import { makeRelease } from "../../src/project/make-release.ts";
import type { FileEntry } from "../../src/release/manifest.ts";
import { manifestPath, objectPath, readRelease } from "../../src/release/store.ts";
import { operations } from "../../src/servers/operations.ts";
import { file, program, readTree, temporaryFolder, writeThings } from "../release/world.ts";
import { errorFrom, makeStage } from "./world.ts";

const THINGS = { "a/b": file("one"), "a/run": program("two"), c: file("three") };

/** An environment with one release, whose source stays where it is. */
async function staged() {
  const stage = makeStage();
  const scene = stage.scene();
  const dir = writeThings(temporaryFolder(), THINGS);
  await sleep(60);
  const file = parseProject('{"project":"shop","environments":{"production":{"domain":"shop.localhost"}}}');
  const source = { dir, project: { dir, file }, from: ".", commit: null, tag: null };
  const again = async () => {
    const made = makeRelease(scene, source, { version: undefined, onto: null, avoid: [], elsewhere: [] });
    await operations.stage(scene, { release: made.manifest.version, dryRun: false });
    return made;
  };
  const { manifest } = await again();
  const tree = at.release(scene.site, manifest.version);
  return { scene, again, tree, version: manifest.version, whole: readTree(tree) };
}

const verify = (scene: Scene) => operations.verify(scene, { dryRun: false });

function unlocked(folder: string, change: () => void): void {
  chmodSync(folder, 0o755);
  change();
  chmodSync(folder, 0o555);
}

function objectOf(scene: Scene, version: string, path: string): string {
  const { entries } = readRelease(scene.world.store, "shop", version);
  return objectPath(scene.world.store, entries.find((entry) => entry.path === path) as FileEntry);
}

describe("a release that was tampered with", () => {
  const damages: [string, (tree: string) => void][] = [
    ["a file that is gone", (tree) => unlocked(`${tree}/a`, () => unlinkSync(`${tree}/a/b`))],
    ["a file with another content", (tree) => unlocked(`${tree}/a`, () => replace(`${tree}/a/b`, "eno"))],
    ["a folder that is gone", (tree) => unlocked(tree, () => rmSync(`${tree}/a`, { recursive: true }))],
    ["a folder that others may write to", (tree) => chmodSync(`${tree}/a`, 0o777)],
    ["a symlink in a file's place", (tree) => unlocked(`${tree}/a`, () => relink(`${tree}/a/b`))],
    ["a file in a folder's place", (tree) => unlocked(tree, () => swapFolder(`${tree}/a`, "file"))],
    ["a symlink in a folder's place", (tree) => unlocked(tree, () => swapFolder(`${tree}/a`, "link"))],
  ];
  test.each(damages)("by %s is whole again afterwards", async (_, damage) => {
    const { scene, tree, whole } = await staged();
    damage(tree);
    const { problems } = await verify(scene);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every((problem) => problem.repaired)).toBe(true);
    expect(readTree(tree)).toEqual(whole);
    expect((await verify(scene)).problems).toEqual([]);
  });

  const worse: [string, (tree: string) => void][] = [
    [
      "a folder in a file's place",
      (tree) =>
        unlocked(tree, () => {
          unlinkSync(`${tree}/c`);
          mkdirSync(`${tree}/c`);
        }),
    ],
    ["a file too many", (tree) => unlocked(tree, () => writeFileSync(`${tree}/new`, "x"))],
  ];
  test.each(worse)("by %s is told, not taken for a bug", async (_, damage) => {
    const { scene, tree } = await staged();
    damage(tree);
    const error = await errorFrom(verify(scene));
    expect(error.code).toBe("VERIFY_FAILED");
    expect(error.detail.length).toBeGreaterThan(0);
  });

  test("is only told of with a dry run", async () => {
    const { scene, tree } = await staged();
    unlocked(`${tree}/a`, () => unlinkSync(`${tree}/a/b`));
    const error = await errorFrom(operations.verify(scene, { dryRun: true }));
    expect([error.code, error.message]).toEqual(["VERIFY_FAILED", "1 file differs, 0 more were repaired"]);
    expect(readTree(tree)).not.toHaveProperty("a/b");
  });
});

describe("a store that was damaged", () => {
  const damages: [string, (object: string) => void][] = [
    [
      "another content",
      (object) => {
        chmodSync(object, 0o644);
        writeFileSync(object, "eno");
        chmodSync(object, 0o444);
      },
    ],
    ["nothing at all", (object) => unlinkSync(object)],
  ];
  test.each(damages)(
    "is whole again once the release was staged again, as the hint says: it had %s",
    async (_, damage) => {
      const { scene, again, tree, version, whole } = await staged();
      damage(objectOf(scene, version, "a/b"));
      const error = await errorFrom(verify(scene));
      expect(error.hint).toContain("stage the release again from its source");
      await again();
      await verify(scene);
      expect((await verify(scene)).problems).toEqual([]);
      expect(readTree(tree)).toEqual(whole);
      expect(readFileSync(objectOf(scene, version, "a/b"), "utf8")).toBe("one");
    },
  );

  test("says of a damaged manifest once that it is", async () => {
    const { scene, version } = await staged();
    const path = manifestPath(scene.world.store, scene.site.project, version);
    chmodSync(path, 0o644);
    appendFileSync(path, "x");
    scene.world.store.known.clear();
    const { detail, message } = await errorFrom(operations.verify(scene, { dryRun: true }));
    expect(detail.filter((line) => line.includes("its manifest"))).toHaveLength(1);
    expect(message).toMatch(/^1 file differs/);
  });

  test("gets its modes back", async () => {
    const { scene, version } = await staged();
    chmodSync(objectOf(scene, version, "a/run"), 0o777);
    const { problems } = await verify(scene);
    expect(problems.map(({ fault, repaired }) => [fault, repaired])).toContainEqual(["mode", true]);
    expect((await verify(scene)).problems).toEqual([]);
  });
});

test("a lost release is an answer, not a bug", async () => {
  const { scene, tree } = await staged();
  chmodSync(tree, 0o755);
  rmSync(tree, { recursive: true });
  await verify(scene).catch((error) => expect(error).toBeInstanceOf(GreenroomError));
});

function replace(path: string, content: string): void {
  unlinkSync(path);
  writeFileSync(path, content, { mode: 0o444 });
}

function relink(path: string): void {
  unlinkSync(path);
  symlinkSync("../c", path);
}

function swapFolder(path: string, by: "file" | "link"): void {
  const aside = join(temporaryFolder(), "aside");
  mkdirSync(aside);
  chmodSync(path, 0o755);
  for (const name of ["b", "run"]) unlinkSync(`${path}/${name}`);
  rmdirSync(path);
  if (by === "file") writeFileSync(path, "one");
  else symlinkSync(aside, path);
}
