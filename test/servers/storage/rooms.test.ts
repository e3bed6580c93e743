import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { at } from "../../../src/environment/site.ts";
import { createRooms } from "../../../src/servers/storage/rooms.ts";
import { makeStage } from "../../environment/world.ts";

const EIGHT = 8 * 1024 * 1024;

test("nobody at the other end has us read more at once than we hold without trouble", async () => {
  const scene = makeStage().scene({ storage: ["uploads"] });
  const uploads = at.storage(scene.site, "uploads");
  mkdirSync(uploads, { recursive: true });
  writeFileSync(join(uploads, "large"), Buffer.alloc(EIGHT));
  const part = { file: { path: "large", size: EIGHT, mtime: 1, mode: 0o644 }, offset: 0, length: EIGHT };
  const read = (count: number) =>
    createRooms().read(scene, { path: "uploads", parts: Array.from({ length: count }, () => part) });
  expect((await read(2)).bytes.length).toBeGreaterThan(0);
  await expect(read(3)).rejects.toMatchObject({
    code: "CALL_REFUSED",
    message: expect.stringContaining("too much at once"),
  });
});
