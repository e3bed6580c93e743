import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { at } from "../../../src/environment/site.ts";
import { resolveHost } from "../../../src/serving/router/hosts.ts";
import { ask } from "./client.ts";
import { makeStagedWorld, makeWorld, SECRET } from "./world.ts";

describe("live hosts", () => {
  test("answer whatever the case, the port and a final dot", () => {
    const { root, site } = makeWorld();
    for (const host of ["shop.localhost", "SHOP.localhost:8080", "shop.localhost.", "shop.localhost.:80"]) {
      expect(resolveHost(root, host)).toEqual({ site, target: { kind: "live" }, appHost: host });
    }
  });

  test("are the longest suffix that is known", () => {
    const { root } = makeWorld();
    symlinkSync("../sites/shop/staging", join(at.hosts(root), "staging.shop.localhost"));
    expect(resolveHost(root, "staging.shop.localhost")?.site.environment).toBe("staging");
    expect(resolveHost(root, "x.staging.shop.localhost")).toBeNull();
  });

  test.each([
    undefined,
    "",
    ".",
    "..",
    "localhost",
    "other.localhost",
    "../sites",
    "..%2f",
    "shop.localhost/x",
    "a..shop.localhost",
    ".shop.localhost",
    "[::1]:80",
    "shop.localhost:x",
    "shop_.shop.localhost",
    `${"a.".repeat(200)}shop.localhost`,
    "shop.localhost\0",
  ])("don't include %j", (host) => {
    const { root } = makeWorld();
    expect(resolveHost(root, host)).toBeNull();
  });

  test("never lead out of sites/ by a link in hosts/", () => {
    const { root } = makeWorld();
    symlinkSync("/etc", join(at.hosts(root), "etc.localhost"));
    symlinkSync("../sites/../x", join(at.hosts(root), "up.localhost"));
    symlinkSync("../sites/../..", join(at.hosts(root), "upup.localhost"));
    for (const host of ["etc", "up", "upup"]) expect(resolveHost(root, `${host}.localhost`)).toBeNull();
  });
});

describe("previews", () => {
  test("are found by secret and name, also where the version has dots", () => {
    const { root, preview } = makeWorld();
    preview(`${SECRET}-green`, "../green");
    preview(`${SECRET}-2026.11.21.1`, "../releases/2026.11.21.1");
    expect(resolveHost(root, `${SECRET}-green.shop.localhost:81`)).toMatchObject({
      target: { kind: "preview", name: `${SECRET}-green`, link: "../green" },
      appHost: `${SECRET}-green.shop.localhost:81`,
    });
    expect(resolveHost(root, `${SECRET}-2026.11.21.1.shop.localhost`)?.target).toMatchObject({
      link: "../releases/2026.11.21.1",
    });
    for (const name of ["green", "wrong-green", `${SECRET}-2026.11.21`, `${SECRET}-green.x`, "previews"]) {
      expect(resolveHost(root, `${name}.shop.localhost`)).toBeNull();
    }
  });

  test("are links, nothing else that lies there", () => {
    const { root, site } = makeWorld();
    writeFileSync(join(at.previews(site), "file"), "");
    expect(resolveHost(root, "file.shop.localhost")).toBeNull();
  });

  test("go in front of an app's own subdomains", () => {
    const { root, preview } = makeWorld("shop.localhost", { subdomains: true });
    preview(`${SECRET}-2026.1`, "../releases/2026.1");
    preview(`${SECRET}-2026.1.2`, "../releases/2026.1.2");
    const of = (host: string) => {
      const found = resolveHost(root, host);
      return found && [found.target.kind === "live" ? "live" : found.target.link, found.appHost];
    };
    expect(of("foo.shop.localhost:80")).toEqual(["live", "foo.shop.localhost:80"]);
    expect(of("a.b.shop.localhost")).toEqual(["live", "a.b.shop.localhost"]);
    expect(of(`${SECRET}-2026.1.shop.localhost:80`)).toEqual(["../releases/2026.1", "shop.localhost:80"]);
    expect(of(`${SECRET}-2026.1.foo.shop.localhost:80`)).toEqual([
      "../releases/2026.1",
      "foo.shop.localhost:80",
    ]);
    expect(of(`${SECRET}-2026.1.2.shop.localhost`)).toEqual(["../releases/2026.1.2", "shop.localhost"]);
    expect(of(`${SECRET}-2026.1.2.a.b.shop.localhost`)).toEqual([
      "../releases/2026.1.2",
      "a.b.shop.localhost",
    ]);
  });

  test("show their side or version, and tell search engines to stay away", async () => {
    const world = makeStagedWorld();
    for (const name of ["blue", "green", "rehearsal"]) world.preview(`${SECRET}-${name}`, `../${name}`);
    world.preview(`${SECRET}-2026.11.21.1`, "../releases/2026.11.21.1");
    const { port } = await world.start();
    const show = (name: string) => ask(port, "/", { host: `${SECRET}-${name}.shop.localhost` });
    for (const [name, body] of Object.entries({ blue: "one\n", green: "two\n", rehearsal: "two\n" })) {
      expect(await show(name)).toMatchObject({ status: 200, body, headers: { "x-robots-tag": "noindex" } });
    }
    expect(await show("2026.11.21.1")).toMatchObject({ status: 200, body: "one\n" });
    world.traffic("green");
    expect(await show("rehearsal")).toMatchObject({ body: "one\n" });
    expect((await ask(port, "/")).headers["x-robots-tag"]).toBeUndefined();
  });

  test("with a link that leads elsewhere are unknown", async () => {
    const world = makeStagedWorld();
    const targets = [
      "/etc",
      "../../../..",
      "../storage",
      "../releases/..",
      "../releases/2026.11.21.1/../x",
      "../log",
    ];
    for (const [index, target] of targets.entries()) world.preview(`p${index}`, target);
    const { port } = await world.start();
    for (const index of targets.keys()) {
      expect((await ask(port, "/passwd", { host: `p${index}.shop.localhost` })).status).toBe(404);
    }
  });
});

test("an unknown host, an unknown preview and a preview without release get the same page, which names nobody", async () => {
  const world = makeStagedWorld();
  world.preview(`${SECRET}-gone`, "../releases/gone");
  const { port } = await world.start();
  const hosts = ["nobody.localhost", "guess-green.shop.localhost", `${SECRET}-gone.shop.localhost`];
  const answers = await Promise.all(hosts.map((host) => ask(port, "/", { host })));
  expect(answers.map((answer) => answer.status)).toEqual([404, 404, 404]);
  expect(new Set(answers.map((answer) => answer.body)).size).toBe(1);
  expect(answers[0]!.body).not.toMatch(/shop|greenroom|localhost/);
});

test("an environment without traffic says that nothing is live", async () => {
  const world = makeWorld();
  world.release("1", { "index.html": "one" });
  world.side("blue", "1");
  world.preview(`${SECRET}-rehearsal`, "../blue");
  const { port } = await world.start();
  const live = await ask(port, "/");
  expect(live).toMatchObject({ status: 503, body: expect.stringContaining("greenroom deploy production") });
  const visitor = await ask(port, "/", { headers: { "X-Forwarded-For": "198.51.100.7" } });
  expect(visitor.status).toBe(503);
  expect(visitor.body).not.toContain("production");
  expect((await ask(port, "/", { host: `${SECRET}-rehearsal.shop.localhost` })).body).toBe("one");
});
