import { rmSync, symlinkSync } from "node:fs";
import { expect, test } from "vitest";
import { movePointer } from "../../../src/disk/durable.ts";
import { at } from "../../../src/environment/site.ts";
import { ask, keepAlive, until } from "../router/client.ts";
import {
  makeStagedWorld,
  makeWorld,
  PROCESS,
  type RouterName,
  startApp,
  type World,
} from "../router/world.ts";
import { describeRouters } from "./routers.ts";

const BODY = "x".repeat(20_000);

type Move = (pointer: string, target: string) => unknown;

/** Sixteen visitors on kept connections while the traffic moves a hundred times. */
async function load(world: World, router: RouterName, method = "GET", move: Move = movePointer) {
  world.traffic("green");
  const { port } = await world.start(router);
  const agent = keepAlive(16);
  const wrong: string[] = [];
  let asked = 0;
  let done = false;
  const visitor = async () => {
    for (; !done; asked++) {
      const body = method === "POST" ? { body: "x" } : {};
      const answer = await ask(port, "/", { agent, method, ...body }).catch(String);
      const right =
        typeof answer === "object" && answer.status === 200 && /^(one|two) x{20000} \1$/.test(answer.body);
      if (!right) wrong.push(JSON.stringify(answer).slice(0, 200));
    }
  };
  const visitors = Array.from({ length: 16 }, visitor);
  for (let switches = 0; switches < 100; switches++) {
    await move(at.traffic(world.site), `traffic.d/${1 + (switches % 2)}`);
    const before = asked;
    await until(() => asked >= before + 10, "ten more requests were answered");
  }
  done = true;
  await Promise.all(visitors);
  return { asked, wrong };
}

function makeStampedWorld(): World {
  const world = makeStagedWorld();
  world.release("a", { "index.html": `one ${BODY} one` });
  world.release("b", { "index.html": `two ${BODY} two` });
  world.side("blue", "a");
  world.side("green", "b");
  return world;
}

async function startStampedApps(world: World): Promise<void> {
  for (const [side, stamp] of [
    ["blue", "one"],
    ["green", "two"],
  ] as const) {
    await startApp(world.site, side, (req, res) => {
      res.write(`${stamp} ${BODY}`);
      req.resume().on("end", () => res.end(` ${stamp}`));
    });
  }
}

describeRouters("a switch under load", (router) => {
  test("loses no request and mixes no answer of a static site", async () => {
    const { asked, wrong } = await load(makeStampedWorld(), router);
    expect(wrong).toEqual([]);
    expect(asked).toBeGreaterThan(1000);
  });

  test("that isn't one rename is caught by the same load", async () => {
    const { wrong } = await load(makeStampedWorld(), router, "GET", async (pointer, target) => {
      rmSync(pointer);
      await new Promise((resolve) => setTimeout(resolve, 5));
      symlinkSync(target, pointer);
    });
    expect(wrong.join()).toContain("503");
  });

  test.each(["GET", "POST"])("loses no %s and mixes no answer of a process site", async (method) => {
    const world = makeStagedWorld(PROCESS);
    await startStampedApps(world);
    const { asked, wrong } = await load(world, router, method);
    expect(wrong).toEqual([]);
    expect(asked).toBeGreaterThan(1000);
  });

  test("moves from files to a process and back", async () => {
    const world = makeWorld();
    world.release("1", { "index.html": "files\n", "a.txt": "a" });
    world.release("2", { "public/style.css": "css" }, { ...PROCESS, public: "public" });
    world.side("blue", "1");
    world.side("green", "2");
    world.traffic("blue");
    await startApp(world.site, "green", (req, res) => res.end(`app ${req.method} ${req.url}`));
    const { port } = await world.start(router);
    for (let round = 0; round < 3; round++) {
      world.traffic("blue");
      expect((await ask(port, "/")).body).toBe("files\n");
      expect((await ask(port, "/a.txt")).body).toBe("a");
      expect((await ask(port, "/style.css")).status).toBe(404);
      expect((await ask(port, "/.env")).status).toBe(404);
      expect((await ask(port, "/", { method: "POST" })).status).toBe(405);
      world.traffic("green");
      expect((await ask(port, "/")).body).toBe("app GET /");
      expect((await ask(port, "/a.txt?x=1")).body).toBe("app GET /a.txt?x=1");
      expect((await ask(port, "/style.css")).body).toBe("css");
      expect((await ask(port, "/.env")).body).toBe("app GET /.env");
      expect((await ask(port, "/style.css", { method: "POST" })).body).toBe("app POST /style.css");
    }
  });
});

describeRouters("a canary", (router) => {
  test("gets its share of new visitors", async () => {
    const world = makeStagedWorld();
    world.traffic("blue", 20);
    const { port } = await world.start(router);
    const agent = keepAlive(8);
    const answers = await Promise.all(Array.from({ length: 2000 }, () => ask(port, "/", { agent })));
    const canaries = answers.filter(({ body }) => body === "two\n").length;
    // 400 expected, 18 is one standard deviation: outside of six of them once in 500 million runs.
    expect(canaries).toBeGreaterThan(292);
    expect(canaries).toBeLessThan(508);
  });

  test("keeps its visitors, who are told their bucket once, and nobody is told while there is none", async () => {
    const world = makeStagedWorld();
    const { port } = await world.start(router);
    for (const live of ["green", "blue"] as const) {
      world.traffic(live);
      const answer = await ask(port, "/");
      expect(answer.body).toBe(live === "blue" ? "one\n" : "two\n");
      expect(answer.headers["set-cookie"]).toBeUndefined();
    }
    world.traffic("blue", 50);
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

  test("has the buckets 00 to k-1; what is no bucket is a newcomer's", async () => {
    const world = makeStagedWorld();
    world.traffic("green", 5);
    const { port } = await world.start(router);
    const visit = (bucket: string) => ask(port, "/", { headers: { Cookie: `greenroom_bucket=${bucket}` } });
    for (const [bucket, body] of Object.entries({ "00": "one\n", "04": "one\n", "05": "two\n", 99: "two\n" }))
      expect((await visit(bucket)).body).toBe(body);
    for (const bucket of ["live", "rehearsal", "new", "../../blue", "100", "", "5"])
      expect((await visit(bucket)).headers["set-cookie"]).toHaveLength(1);
  });

  test("of a process site tells the bucket beside the app's own cookies", async () => {
    const world = makeStagedWorld(PROCESS);
    world.traffic("blue", 50);
    for (const side of ["blue", "green"] as const) {
      await startApp(world.site, side, (_, res) => res.setHeader("Set-Cookie", ["a=1", "b=2"]).end(side));
    }
    const { port } = await world.start(router);
    const cookies = (await ask(port, "/")).headers["set-cookie"]!;
    expect(cookies).toHaveLength(3);
    expect(cookies.slice(0, 2)).toEqual(["a=1", "b=2"]);
  });
});
