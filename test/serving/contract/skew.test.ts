import { expect, test } from "vitest";
import { pin, unpin } from "../../../src/environment/pins.ts";
import { at } from "../../../src/environment/site.ts";
import { ask } from "../router/client.ts";
import { makeStagedWorld, makeWorld, PROCESS, put, startApp } from "../router/world.ts";
import { describeRouters } from "./routers.ts";

describeRouters("after a switch", (router) => {
  test("pages from before still get their hashed files, and no old page is shown", async () => {
    const world = makeWorld();
    const old = { "index.html": "old", "about.html": "old", "assets/app-BkT3x9aZ.js": "old()" };
    world.release("1", old, { kind: "static", public: "." });
    world.release("2", { "index.html": "new", "404.html": "lost" }, { kind: "static", public: "." });
    put(at.asset(world.site), { "assets/app-BkT3x9aZ.js": "old()", "about.html": "old" });
    world.side("blue", "1");
    world.side("green", "2");
    world.traffic("green");
    const { port } = await world.start(router);
    expect((await ask(port, "/")).body).toBe("new");
    const chunk = await ask(port, "/assets/app-BkT3x9aZ.js");
    expect(chunk).toMatchObject({ status: 200, body: "old()" });
    expect(chunk.headers["content-type"]).toBe("text/javascript; charset=utf-8");
    expect(
      await ask(port, "/assets/app-BkT3x9aZ.js", { headers: { "If-None-Match": chunk.headers.etag! } }),
    ).toMatchObject({ status: 304 });
    expect(await ask(port, "/assets/app-CkT3x9aZ.js")).toMatchObject({ status: 404, body: "lost" });
  });

  test("so do those of an app, which is asked for all else", async () => {
    const world = makeStagedWorld();
    world.release("3", { "public/x.css": "x" }, { ...PROCESS, public: "public" });
    put(at.asset(world.site), { "chunks/main.8f3a2b1c.css": "old" });
    world.side("blue", "3");
    await startApp(world.site, "blue", (req, res) => res.end(`app ${req.url}`));
    const { port } = await world.start(router);
    for (let round = 0; round < 2; round++) {
      expect((await ask(port, "/chunks/main.8f3a2b1c.css")).body).toBe("old");
      expect((await ask(port, "/chunks/main.9f3a2b1c.css?a")).body).toBe("app /chunks/main.9f3a2b1c.css?a");
    }
  });

  test("a page's further requests go to the side that it came from, while that shows it", async () => {
    const world = makeStagedWorld(PROCESS);
    for (const side of ["blue", "green"] as const)
      await startApp(world.site, side, (req, res) => res.end(`${side} ${req.url}`));
    pin(world.site, "blue", "2026.11.21.1");
    world.traffic("green");
    const { port } = await world.start(router);
    const header = { headers: { "Greenroom-Release": "2026.11.21.1" } };
    expect((await ask(port, "/api", header)).body).toBe("blue /api");
    expect((await ask(port, "/api?greenroom-release=2026.11.21.1")).body).toBe(
      "blue /api?greenroom-release=2026.11.21.1",
    );
    expect((await ask(port, "/api")).body).toBe("green /api");
    for (const wrong of ["2026.11.21.2", "../../blue", "blue", "x", ""])
      expect((await ask(port, "/", { headers: { "Greenroom-Release": wrong } })).body).toBe("green /");
    unpin(world.site, "blue");
    expect((await ask(port, "/api", header)).body).toBe("green /api");
  });
});
