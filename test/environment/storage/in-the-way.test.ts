import { expect, test } from "vitest";
import type { FileTree } from "../../../src/environment/storage/file-tree.ts";
import { assertNothingInTheWay } from "../../../src/environment/storage/in-the-way.ts";
import { errorOf } from "../world.ts";

const FOLDER: FileTree = { kind: "folder", files: [], folders: [], skipped: [], leftovers: [] };
const file = (path: string) => ({ path, size: 1, mtime: 1, mode: 0o644 });

test("a tree that is as deep as nobody makes one on purpose is looked through", () => {
  const folders = Array.from({ length: 20_000 }, (_, i) => `${"d/".repeat(i)}d`);
  const deep = { ...FOLDER, folders, files: [file(`${folders.at(-1)}/file`)] };
  assertNothingInTheWay(deep, FOLDER);
  const error = errorOf(() => assertNothingInTheWay(deep, { ...FOLDER, skipped: [folders[10]!] }));
  expect(error).toMatchObject({ code: "PLACE_TAKEN", message: expect.stringContaining('"d/d/d/') });
});
