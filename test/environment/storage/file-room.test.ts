import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openRoom } from "../../../src/environment/storage/file-room.ts";
import { planTransfer } from "../../../src/environment/storage/transfer.ts";
import { temporaryFolder } from "../../release/world.ts";

const fileAt = (path: string) => ({ path, size: 1, mtime: 1000, mode: 0o644 });
const partAt = (path: string) => ({ file: fileAt(path), offset: 0, length: 1 });

test("whatever paths the other side says, nothing outside of the room is read, written or removed", async () => {
  const base = temporaryFolder();
  mkdirSync(join(base, "room"));
  writeFileSync(join(base, "beside"), "x");
  const room = openRoom(base, "room", null);
  for (const path of [
    "../beside",
    "a/../../beside",
    "/etc/passwd",
    "./../beside",
    "a//b",
    "a\0b",
    "..",
    ".",
  ]) {
    await expect(room.read([partAt(path)])).rejects.toThrow("is no path below a folder");
    await expect(room.write([partAt(path)], Buffer.from("y"))).rejects.toThrow("is no path below a folder");
    await expect(room.makeFolders([path])).rejects.toThrow("is no path below a folder");
    await expect(room.remove([path])).rejects.toThrow("is no path below a folder");
  }
  await room.end();
  expect([readdirSync(base).sort(), readdirSync(join(base, "room"))]).toEqual([["beside", "room"], []]);
  await room.write([partAt("well")], Buffer.from("y"));
  expect(existsSync(join(base, "room/well"))).toBe(true);
});

test("a file appears whole; what was only begun goes when nobody brings the rest", async () => {
  const base = temporaryFolder();
  const room = openRoom(base, "room", null);
  await room.makeFolders([]);
  const file = { ...fileAt("big"), size: 2 };
  await room.write([{ file, offset: 0, length: 1 }], Buffer.from("a"));
  expect(readdirSync(join(base, "room"))).toEqual([expect.stringMatching(/^\.greenroom-/)]);
  expect((await room.list()).files).toEqual([]);
  await room.end();
  expect(readdirSync(join(base, "room"))).toEqual([]);
});

test("only what differs is sent, and nothing is removed unless that was asked for", () => {
  const tree = (...paths: string[]) => ({
    kind: "folder" as const,
    files: paths.map(fileAt),
    folders: [],
    skipped: [],
    leftovers: [],
  });
  const from = { ...tree("same", "new"), folders: ["folder"], skipped: ["link"] };
  const to = {
    ...tree("same", "old", "gone/old"),
    folders: ["gone", "empty"],
    skipped: ["link", "theirs", "gone/link"],
  };
  expect(planTransfer(from, to, false)).toEqual({
    kind: "folder",
    folders: ["folder"],
    files: [fileAt("new")],
    removed: [],
    leftovers: [],
    skipped: ["link"],
  });
  expect(planTransfer(from, to, true).removed).toEqual(["old", "gone/old", "empty"]);
});

test("a pipe in the place of what was begun is nothing that anybody waits for", {
  timeout: 10_000,
}, async () => {
  const base = temporaryFolder();
  const room = openRoom(base, "room", null);
  await room.makeFolders([]);
  const file = { path: "large", size: 2, mtime: 1000, mode: 0o644 };
  await room.write([{ file, offset: 0, length: 1 }], Buffer.from("a"));
  const [begun] = readdirSync(join(base, "room"));
  rmSync(join(base, "room", begun!));
  execFileSync("mkfifo", [join(base, "room", begun!)]);
  await expect(room.write([{ file, offset: 1, length: 1 }], Buffer.from("b"))).rejects.toMatchObject({
    code: "SOURCE_CHANGING",
  });
  await room.end();
});
