import { expect, test } from "vitest";
import { ask } from "../router/client.ts";
import { makeStagedWorld, makeWorld, PROCESS, SECRET, startApp } from "../router/world.ts";
import { describeRouters } from "./routers.ts";

describeRouters("a preview", (router) => {
  test("shows its side or version, and tells search engines to stay away", async () => {
    const world = makeStagedWorld();
    world.release("0", { "index.html": "old\n" });
    for (const name of ["blue", "green", "rehearsal"]) world.preview(`${SECRET}-${name}`, `../${name}`);
    world.preview(`${SECRET}-2026.11.21.1`, "../releases/2026.11.21.1");
    world.preview(`${SECRET}-0`, "../releases/0");
    const { port } = await world.start(router);
    const show = (name: string) => ask(port, "/", { host: `${SECRET}-${name}.shop.localhost` });
    for (const [name, body] of Object.entries({
      blue: "one\n",
      green: "two\n",
      rehearsal: "two\n",
      0: "old\n",
    })) {
      expect(await show(name)).toMatchObject({ status: 200, body, headers: { "x-robots-tag": "noindex" } });
    }
    expect(await show("2026.11.21.1")).toMatchObject({ status: 200, body: "one\n" });
    world.traffic("green");
    expect(await show("rehearsal")).toMatchObject({ body: "one\n" });
    expect((await ask(port, "/")).headers["x-robots-tag"]).toBeUndefined();
  });

  test("of a process site reaches the process of its side", async () => {
    const world = makeStagedWorld(PROCESS);
    for (const name of ["blue", "green", "rehearsal"]) world.preview(`${SECRET}-${name}`, `../${name}`);
    for (const version of ["1", "2"])
      world.preview(`${SECRET}-2026.11.21.${version}`, `../releases/2026.11.21.${version}`);
    for (const side of ["blue", "green"] as const)
      await startApp(world.site, side, (req, res) => res.end(`${side} ${req.headers.host}`));
    const { port } = await world.start(router);
    const show = async (name: string) => {
      const host = `${SECRET}-${name}.shop.localhost:81`;
      const { body } = await ask(port, "/", { host });
      expect(body.endsWith(` ${host}`)).toBe(true);
      return body.split(" ")[0];
    };
    expect(await show("blue")).toBe("blue");
    expect(await show("rehearsal")).toBe("green");
    expect(await show("2026.11.21.1")).toBe("blue");
    expect(await show("2026.11.21.2")).toBe("green");
    world.traffic("green");
    expect(await show("rehearsal")).toBe("blue");
  });

  test("of a release whose process doesn't run says so", async () => {
    const world = makeStagedWorld(PROCESS);
    world.release("0", {}, PROCESS);
    world.preview(`${SECRET}-0`, "../releases/0");
    const { port } = await world.start(router);
    expect((await ask(port, "/", { host: `${SECRET}-0.shop.localhost` })).status).toBeGreaterThanOrEqual(502);
  });

  test("whose secret is wrong looks like a host that nobody knows", async () => {
    const world = makeStagedWorld();
    world.preview(`${SECRET}-gone`, "../releases/gone");
    world.preview(`${SECRET}-green`, "../green");
    const { port } = await world.start(router);
    const names = ["guess-green", "green", `${SECRET}-gone`, `${SECRET}-green.x`, `${SECRET}-green@green`];
    const hosts = ["nobody.localhost", "localhost", ...names.map((name) => `${name}.shop.localhost`)];
    const answers = await Promise.all(hosts.slice(0, 6).map((host) => ask(port, "/", { host })));
    expect(answers.map((answer) => answer.status)).toEqual([404, 404, 404, 404, 404, 404]);
    expect(new Set(answers.map((answer) => answer.body)).size).toBe(1);
    expect(answers[0]!.body).not.toMatch(/shop|greenroom|localhost/);
    expect([400, 404]).toContain((await ask(port, "/", { host: hosts[6]! })).status);
  });
});

describeRouters("an app's own subdomains", (router) => {
  test("reach it with their Host as sent, and a preview goes in front of them", async () => {
    const world = makeStagedWorld(PROCESS, { subdomains: true });
    world.release("2026.1", { x: "x" }, PROCESS);
    world.release("2026.1.2", { x: "x" }, PROCESS);
    world.side("blue", "2026.1");
    world.side("green", "2026.1.2");
    for (const version of ["2026.1", "2026.1.2"]) world.preview(version, `../releases/${version}`);
    for (const side of ["blue", "green"] as const)
      await startApp(world.site, side, (req, res) => res.end(`${side} ${req.headers.host}`));
    const { port } = await world.start(router);
    const reach = async (host: string) => (await ask(port, "/", { host })).body;
    expect(await reach("shop.localhost:80")).toBe("blue shop.localhost:80");
    expect(await reach("foo.shop.localhost:80")).toBe("blue foo.shop.localhost:80");
    expect(await reach("a.b.shop.localhost")).toBe("blue a.b.shop.localhost");
    expect(await reach("2026.1.shop.localhost:80")).toBe("blue shop.localhost:80");
    expect(await reach("2026.1.2.shop.localhost")).toBe("green shop.localhost");
    expect(await reach("2026.1.2.foo.shop.localhost:80")).toBe("green foo.shop.localhost:80");
    expect(await reach("2026.1.2.a.b.shop.localhost")).toBe("green a.b.shop.localhost");
    world.traffic("green");
    expect(await reach("foo.shop.localhost")).toBe("green foo.shop.localhost");
  });
});

describeRouters("an environment with nothing live", (router) => {
  test("says so, and shows visitors nothing", async () => {
    const world = makeWorld();
    world.release("1", { "index.html": "one" });
    world.side("blue", "1");
    const { port } = await world.start(router);
    const answer = await ask(port, "/", { headers: { "X-Forwarded-For": "198.51.100.7" } });
    expect(answer).toMatchObject({ status: 503, body: expect.stringContaining("Nothing is live here yet") });
    expect(answer.body).not.toContain("production");
    world.traffic("blue");
    expect((await ask(port, "/")).body).toBe("one");
  });
});
