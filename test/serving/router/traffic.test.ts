import { rmSync, symlinkSync } from "node:fs";
import { expect, test } from "vitest";
import { at } from "../../../src/environment/site.ts";
import { bucketIn } from "../../../src/serving/router/buckets.ts";
import { ask } from "./client.ts";
import { makeStagedWorld } from "./world.ts";

test.each([
  [undefined, null],
  ["greenroom_bucket=07", "07"],
  ["a=b;greenroom_bucket=99;c=d", "99"],
  ["a=b; greenroom_bucket=00", "00"],
  ["greenroom_bucket=7", null],
  ["greenroom_bucket=100", null],
  ["greenroom_bucket=../../x", null],
  ["xgreenroom_bucket=07", null],
  ["greenroom_bucket=live", null],
])("of the cookies %j the bucket is %j", (cookies, bucket) => {
  expect(bucketIn(cookies)).toBe(bucket);
});

test("a link of the traffic that names no side is nothing live", async () => {
  const world = makeStagedWorld();
  rmSync(at.traffic(world.site));
  symlinkSync("../..", at.traffic(world.site));
  const { port } = await world.start();
  expect((await ask(port, "/")).status).toBe(503);
});
