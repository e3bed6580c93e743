import { rmSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { at } from "../../../src/environment/site.ts";
import { createDoor } from "../../../src/serving/router/door.ts";
import { makeStagedWorld, PROCESS, put, startApp } from "./world.ts";

test("a door shows a side that has no visitors yet", async () => {
  const world = makeStagedWorld();
  const door = await createDoor().open(world.site, "green");
  onTestFinished(door.close);
  expect(door.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await (await fetch(door.url)).text()).toBe("two\n");
  expect((await fetch(`${door.url}/nothing`)).status).toBe(404);
});

test("a door's app is told the environment's domain", async () => {
  const world = makeStagedWorld({ ...PROCESS, public: "public" });
  put(at.release(world.site, "2026.11.21.2"), { "public/a.css": "css" });
  await startApp(world.site, "green", (req, res) =>
    res.end(`${req.headers.host} ${req.headers["x-forwarded-host"]}`),
  );
  const door = await createDoor().open(world.site, "green");
  onTestFinished(door.close);
  expect(await (await fetch(door.url)).text()).toBe("shop.localhost shop.localhost");
  expect(await (await fetch(`${door.url}/a.css`)).text()).toBe("css");
});

test("a door is closed at once, also with connections kept on both of its sides", async () => {
  const world = makeStagedWorld(PROCESS);
  await startApp(world.site, "green", (_, res) => res.end("x"));
  const door = await createDoor().open(world.site, "green");
  await (await fetch(door.url)).text();
  const before = Date.now();
  await door.close();
  expect(Date.now() - before).toBeLessThan(1000);
  await expect(fetch(door.url)).rejects.toThrow();
});

test("a door of an environment that doesn't exist isn't opened", async () => {
  const world = makeStagedWorld();
  rmSync(at.identity(world.site));
  await expect(createDoor().open(world.site, "green")).rejects.toMatchObject({ code: "ENVIRONMENT_MISSING" });
});
