import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { until } from "../processes/program.ts";
import { freePort, hasNginx, linesIn } from "../serving/logs/world.ts";
import { ask } from "./ask.ts";
import { makeWorld, type World } from "./world.ts";

const SITE = {
  "greenroom.json": { project: "shop", environments: { production: { domain: "shop.localhost" } } },
  "index.html": "one",
};

async function makeNginxWorld(): Promise<World> {
  const world = makeWorld(SITE);
  const listen = ["--listen", `127.0.0.1:${await freePort()}`, "--unprivileged"];
  expect((await world.greenroom("setup", "--yes", "--router", "nginx", ...listen)).exit).toBe(0);
  return world;
}

const nextSecond = () => new Promise((resume) => setTimeout(resume, 1100));

describe.skipIf(!hasNginx)("logs (else skipped: needs nginx)", { timeout: 60_000 }, () => {
  test("`log --access` tells which release each request got", async () => {
    const shop = await makeNginxWorld();
    const up = await shop.up();
    const visit = (path: string) => ask(up.port, "shop.localhost", path);
    await shop.greenroom("deploy", "production", "--version", "v1");
    await nextSecond();
    await visit("/first");
    shop.write({ "index.html": "two" });
    await shop.greenroom("deploy", "production", "--version", "v2", "--switch");
    await nextSecond();
    await visit("/second?a=%E2%80%AE");
    await nextSecond();
    await nextSecond();
    const { result } = await shop.greenroom("log", "production", "--access", "--lines", "2");
    expect(result.requests).toMatchObject([
      { uri: "/first", status: 404, release: "v1", host: "shop.localhost", from: "127.0.0.1" },
      { uri: "/second?a=%E2%80%AE", status: 404, release: "v2" },
    ]);
    expect(result.requests[0].side).not.toBe(result.requests[1].side);
    const { stdout } = await shop.plain("log", "production", "--access", "--lines", "1");
    expect(stdout).toContain("GET shop.localhost/second");
    expect(stdout).toContain("v2");
    expect(stdout).not.toContain("/first");
    expect(await shop.greenroom("log", "production", "--lines", "1", "--last", "1")).toMatchObject({
      exit: 2,
    });
    expect(await shop.greenroom("log", "production", "--access", "--last", "1")).toMatchObject({ exit: 2 });
    expect(await shop.greenroom("log", "production", "--access", "--lines", "x")).toMatchObject({ exit: 2 });
    expect(
      (await shop.greenroom("log", "production", "--last", "9")).result.operations.length,
    ).toBeGreaterThan(1);
    const { lines } = (await shop.greenroom("log", "production")).result;
    const sources = new Set(lines.map(({ source }: { source: string }) => source));
    expect([...sources]).toEqual(expect.arrayContaining(["journal", "access"]));
  });

  test("`greenroom up` moves a log aside that is as large as machine.json says, and no line is lost", async () => {
    const shop = await makeNginxWorld();
    const path = join(shop.root, "machine.json");
    const machine = JSON.parse(readFileSync(path, "utf8"));
    expect(machine.logs).toEqual({ bytes: 10_000_000, kept: 5 });
    writeFileSync(path, JSON.stringify({ ...machine, logs: { bytes: 2000, kept: 50 } }));
    const up = await shop.up();
    await shop.greenroom("deploy", "production");
    const folder = join(shop.root, "sites/shop/production/log");
    let asked = 0;
    await until("it was moved twice", async () => {
      await ask(up.port, "shop.localhost");
      asked += 1;
      return existsSync(join(folder, "access.log.2"));
    });
    await up.stop();
    expect(readdirSync(folder)).toContain("access.log.1");
    expect(linesIn(folder)).toBe(asked);
  });

  test("`status` tells of a pause, and of one that is over", async () => {
    const shop = await makeNginxWorld();
    await shop.up();
    await shop.greenroom("deploy", "production");
    const paused = async () => (await shop.greenroom("status")).result.environments[0].paused;
    const seen = async () => (await shop.plain("status")).stdout;
    expect(await paused()).toBe(null);
    expect(await seen()).not.toContain("paused");
    const { result } = await shop.greenroom("pause", "production", "--for", "5m");
    expect(await paused()).toBe(result.until);
    expect(await seen()).toContain(`requests wait until ${result.until}`);
    await shop.greenroom("pause", "production", "--for", "1s");
    await nextSecond();
    expect(await seen()).toContain(`turned away since ${await paused()}`);
    await shop.greenroom("resume", "production");
    expect(await paused()).toBe(null);
  });
});
