import { expect, test } from "vitest";
import { ask, until } from "../router/client.ts";
import { makeStagedWorld, PROCESS, type RouterName, SECRET, STATIC, startApp } from "../router/world.ts";
import { describeRouters } from "./routers.ts";

async function startProcess(router: RouterName) {
  const world = makeStagedWorld(PROCESS);
  for (const side of ["blue", "green"] as const) {
    await startApp(world.site, side, async (req, res) => {
      const body = (await req.toArray()).join("");
      res.end(`${side} ${req.method} ${req.url} ${body}`);
    });
  }
  return { ...world, ...(await world.start(router)) };
}

describeRouters("a pause", (router) => {
  test("holds new requests, and lets them go when it is over, as they were", async () => {
    const world = await startProcess(router);
    world.pause("blue", 60_000);
    const done: string[] = [];
    const asked = [
      ask(world.port, "/a?b=c"),
      ask(world.port, "/form", { method: "POST", body: "x".repeat(100_000) }),
      ask(world.port, "/", { method: "DELETE", headers: { Cookie: "greenroom_bucket=07" } }),
    ].map((answer) =>
      answer.then(({ body }) => done.push(body.replace(/x+/, (sent) => String(sent.length)))),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(done).toEqual([]);
    world.traffic("green");
    await Promise.all(asked);
    expect(done.sort()).toEqual(["green DELETE / ", "green GET /a?b=c ", "green POST /form 100000"]);
    expect((await ask(world.port, "/")).body).toBe("green GET / ");
  });

  test("ends in a page that says so where it takes too long", async () => {
    const world = await startProcess(router);
    world.pause("blue", 200);
    for (const method of ["GET", "POST"]) {
      const answer = await ask(world.port, "/", { method });
      expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
      expect(answer.body).toContain("being worked on");
    }
    world.traffic("blue");
    expect((await ask(world.port, "/")).body).toBe("blue GET / ");
  });

  test("of a static site ends as if it had never been, errors and all", async () => {
    const world = makeStagedWorld(STATIC);
    world.preview(`${SECRET}-green`, "../green");
    const { port } = await world.start(router);
    world.pause("blue", 60_000);
    const waiting = [ask(port, "/"), ask(port, "/nothing"), ask(port, "/", { method: "POST" })];
    expect((await ask(port, "/", { host: `${SECRET}-green.shop.localhost` })).body).toBe("two\n");
    await new Promise((resolve) => setTimeout(resolve, 200));
    world.traffic("blue");
    const [page, missing, posted] = await Promise.all(waiting);
    expect(page?.body).toBe("one\n");
    expect(missing).toMatchObject({ status: 404, body: expect.stringContaining("no such page") });
    expect(posted).toMatchObject({ status: 405 });
  });

  test("doesn't touch what is in flight", async () => {
    const world = makeStagedWorld(PROCESS);
    const going: (() => void)[] = [];
    await startApp(world.site, "blue", (_, res) => void going.push(() => res.end("done")));
    const { port } = await world.start(router);
    const inFlight = ask(port, "/");
    await until(() => going.length === 1, "the request is in flight");
    world.pause("blue", 60_000);
    going[0]!();
    expect((await inFlight).body).toBe("done");
  });
});
