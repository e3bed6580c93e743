import { rmSync, writeFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { at } from "../../../src/environment/site.ts";
import { createRouter } from "../../../src/serving/router/router.ts";
import { ask, hear, keepAlive, say, until } from "./client.ts";
import { makeStagedWorld, PROCESS, startApp } from "./world.ts";

describe("listening", () => {
  test("on a port that is taken is refused with a hint", async () => {
    const world = makeStagedWorld();
    const { port } = await world.start();
    await expect(createRouter(world.root).listen({ host: "127.0.0.1", port })).rejects.toMatchObject({
      code: "PORT_TAKEN",
      message: expect.stringContaining(String(port)),
      hint: expect.stringContaining("greenroom up --port"),
    });
  });

  test("on somebody else's address is refused", async () => {
    const router = createRouter(makeStagedWorld().root);
    await expect(router.listen({ host: "192.0.2.1", port: 0 })).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("closing", () => {
  async function makeSlow() {
    const world = makeStagedWorld(PROCESS);
    const waiting: (() => void)[] = [];
    await startApp(world.site, "blue", (_, res) => void waiting.push(() => res.end("finished")));
    return { waiting, ...(await world.start()) };
  }

  test("lets requests in flight finish, and takes no new ones", async () => {
    const { router, port, waiting } = await makeSlow();
    const inFlight = ask(port, "/", { agent: keepAlive(1) });
    await until(() => waiting.length === 1, "the request is in flight");
    const closed = router.close(10_000);
    await expect(ask(port, "/")).rejects.toThrow("ECONNREFUSED");
    waiting[0]!();
    expect((await inFlight).body).toBe("finished");
    await closed;
  });

  test("ends connections that idle at once", async () => {
    const { router, port, waiting } = await makeSlow();
    const answer = ask(port, "/", { agent: keepAlive(1) });
    await until(() => waiting.length === 1, "the request is in flight");
    waiting[0]!();
    await answer;
    const before = Date.now();
    await router.close(10_000);
    expect(Date.now() - before).toBeLessThan(2000);
  });

  test("cuts what isn't finished in time", async () => {
    const { router, port, waiting } = await makeSlow();
    const inFlight = ask(port, "/").catch(() => "cut");
    await until(() => waiting.length === 1, "the request is in flight");
    await router.close(50);
    expect(await inFlight).toBe("cut");
  });

  test("doesn't wait for a WebSocket", async () => {
    const world = makeStagedWorld(PROCESS);
    const app = await startApp(world.site, "blue", () => {});
    const echo = new WebSocketServer({ server: app });
    const { router, port } = await world.start();
    const ws = new WebSocket(`ws://127.0.0.1:${port}`, { headers: { Host: "shop.localhost" } });
    onTestFinished(() => ws.terminate());
    await until(() => echo.clients.size === 1 && ws.readyState === ws.OPEN, "it is open");
    await router.close(10_000);
    await until(() => ws.readyState === ws.CLOSED && echo.clients.size === 0, "both ends know");
  });
});

describe("trouble", () => {
  test("in a handler is a 500, and the next request is answered", async () => {
    const world = makeStagedWorld();
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on("warning", onWarning);
    onTestFinished(() => void process.off("warning", onWarning));
    world.release("broken", { "index.html": "x" }, { kind: "static", public: 7 as never });
    writeFileSync(at.staged(world.site, "broken"), '{"serve":{"kind":"process","listen":"socket"}}');
    world.side("blue", "broken");
    const { port } = await world.start();
    expect((await ask(port, "/x")).status).toBe(502);
    writeFileSync(
      at.staged(world.site, "broken"),
      '{"serve":{"kind":"process","listen":"socket","public":7}}',
    );
    expect((await ask(port, "/x")).status).toBe(502);
    rmSync(at.identity(world.site));
    writeFileSync(at.identity(world.site), "{broken");
    expect((await ask(port, "/", { host: "x.shop.localhost" })).status).toBe(404);
    world.side("blue", "2026.11.21.1");
    expect((await ask(port, "/")).status).toBe(200);
    expect(warnings).toEqual([]);
  });

  test("with a spec that is missing or broken is a 503", async () => {
    const world = makeStagedWorld();
    const { port } = await world.start();
    expect((await ask(port, "/")).status).toBe(200);
    writeFileSync(at.staged(world.site, "2026.11.21.1"), "{");
    expect((await ask(port, "/")).status).toBe(503);
    rmSync(at.staged(world.site, "2026.11.21.1"));
    expect((await ask(port, "/")).status).toBe(503);
  });

  test.each(["nonsense\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"])(
    "with %j ends just that connection",
    async (text) => {
      const { port } = await makeStagedWorld().start();
      await hear(say(port, text));
      expect((await ask(port, "/")).status).toBe(200);
    },
  );
});
