import { rmSync, symlinkSync } from "node:fs";
import { expect, test } from "vitest";
import { at } from "../../../src/environment/site.ts";
import { bucketIn } from "../../../src/serving/router/buckets.ts";
import { ask, keepAlive } from "./client.ts";
import { makeStagedWorld, PROCESS, startApp } from "./world.ts";

test("while all visitors get one side, nobody gets a cookie", async () => {
  const world = makeStagedWorld();
  const { port } = await world.start();
  for (const live of ["blue", "green"] as const) {
    world.traffic(live);
    const answer = await ask(port, "/");
    expect(answer.body).toBe(live === "blue" ? "one\n" : "two\n");
    expect(answer.headers["set-cookie"]).toBeUndefined();
  }
});

test("a canary gets its share of new visitors", async () => {
  const world = makeStagedWorld();
  world.traffic("blue", 20);
  const { port } = await world.start();
  const agent = keepAlive(8);
  const answers = await Promise.all(Array.from({ length: 2000 }, () => ask(port, "/", { agent })));
  const canaries = answers.filter(({ body }) => body === "two\n").length;
  // 400 expected, 18 is one standard deviation: outside of six of them once in 500 million runs.
  expect(canaries).toBeGreaterThan(292);
  expect(canaries).toBeLessThan(508);
});

test("a visitor stays on his side, and is told his bucket once", async () => {
  const world = makeStagedWorld();
  world.traffic("blue", 50);
  const { port } = await world.start();
  for (let visitor = 0; visitor < 20; visitor++) {
    const first = await ask(port, "/");
    const [cookie] = first.headers["set-cookie"]!;
    expect(cookie).toMatch(/^greenroom_bucket=\d\d; Path=\/; HttpOnly; SameSite=Lax; Max-Age=2592000$/);
    const headers = { Cookie: `a=b; ${cookie!.split(";")[0]}; c=d` };
    for (let visit = 0; visit < 3; visit++) {
      const again = await ask(port, "/", { headers });
      expect(again.body).toBe(first.body);
      expect(again.headers["set-cookie"]).toBeUndefined();
    }
  }
});

test("buckets 00 to k-1 are the canary's", async () => {
  const world = makeStagedWorld();
  world.traffic("green", 5);
  const { port } = await world.start();
  const visit = async (bucket: string) =>
    (await ask(port, "/", { headers: { Cookie: `greenroom_bucket=${bucket}` } })).body;
  expect(await visit("00")).toBe("one\n");
  expect(await visit("04")).toBe("one\n");
  expect(await visit("05")).toBe("two\n");
  expect(await visit("99")).toBe("two\n");
});

test("a process site's answers carry the cookie beside the app's own", async () => {
  const world = makeStagedWorld(PROCESS);
  world.traffic("blue", 50);
  for (const side of ["blue", "green"] as const) {
    await startApp(world.site, side, (_, res) => res.setHeader("Set-Cookie", ["a=1", "b=2"]).end(side));
  }
  const { port } = await world.start();
  const cookies = (await ask(port, "/")).headers["set-cookie"]!;
  expect(cookies).toHaveLength(3);
  expect(cookies.slice(0, 2)).toEqual(["a=1", "b=2"]);
});

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
