import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { at } from "../../../src/environment/site.ts";
import type { Serving } from "../../../src/environment/spec.ts";
import { ask } from "../router/client.ts";
import { makeWorld, PROCESS, put, type RouterName, STATIC } from "../router/world.ts";
import { describeRouters } from "./routers.ts";

const FILES: Serving = { kind: "static", public: "dist" };
const BIG = Buffer.alloc(300_000, "0123456789");

async function startSite(router: RouterName, files: Record<string, string | Buffer>) {
  const world = makeWorld();
  const below = Object.entries(files).map(([path, content]) => [`dist/${path}`, content]);
  world.release("1", { ...Object.fromEntries(below), "secret.txt": "no" }, FILES);
  world.side("blue", "1");
  world.traffic("blue");
  return { ...world, ...(await world.start(router)) };
}

describeRouters("a static site", (router) => {
  test("finds files, folders, pages without their ending and its own 404 page", async () => {
    const { port } = await startSite(router, {
      "index.html": "home",
      "about.html": "about",
      "docs/index.html": "docs",
      "both/x.txt": "x",
      "both.html": "both",
      "naïve file.txt": "odd",
      ".well-known/x.txt": "known",
      "404.html": "lost",
    });
    const get = async (path: string) => {
      const { status, body, headers } = await ask(port, path);
      return [status, headers.location ?? body];
    };
    for (let round = 0; round < 2; round++) {
      expect(await get("/")).toEqual([200, "home"]);
      expect(await get("/?x=/../")).toEqual([200, "home"]);
      expect(await get("/about")).toEqual([200, "about"]);
      expect(await get("/about.html")).toEqual([200, "about"]);
      expect(await get("/about/")).toEqual([404, "lost"]);
      expect(await get("/docs?a=1")).toEqual([301, "/docs/?a=1"]);
      expect(await get("/docs/")).toEqual([200, "docs"]);
      expect(await get("/both")).toEqual([200, "both"]);
      expect(await get("/both/")).toEqual([404, "lost"]);
      expect(await get("/na%C3%AFve%20file.txt")).toEqual([200, "odd"]);
      expect(await get("/.well-known/x.txt")).toEqual([200, "known"]);
      expect(await get("/nothing")).toEqual([404, "lost"]);
    }
  });

  test("shows just its public folder, and nothing whose name begins with a dot", async () => {
    const { port } = await startSite(router, { "index.html": "home", ".env": "no", "a/.git/config": "no" });
    const paths = [
      "/.env",
      "/%2eenv",
      "/a/.git/config",
      "/a%2f.git/config",
      "/secret.txt",
      "/dist/index.html",
    ];
    for (const path of paths) expect([path, (await ask(port, path)).status]).toEqual([path, 404]);
    for (const path of ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/x/../../secret.txt"])
      expect([400, 404]).toContain((await ask(port, path)).status);
  });

  test("only reads, and never sends anybody to another host", async () => {
    const { port } = await startSite(router, { "index.html": "home", "evil.com/index.html": "x" });
    for (const method of ["POST", "PUT", "DELETE"]) {
      const answer = await ask(port, "/", { method, body: "x" });
      expect(answer).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    }
    expect((await ask(port, "//evil.com")).headers.location).toBe("/evil.com/");
  });

  test.each([
    ["small", Buffer.from("0123456789")],
    ["big", BIG],
  ])("sends a %s file with all that a cache and a player need", async (_, content) => {
    const { port } = await startSite(router, { "file.css": content });
    const get = (headers: Record<string, string> = {}, method = "GET") =>
      ask(port, "/file.css", { headers, method });
    const whole = await get();
    expect(whole.body).toBe(content.toString());
    expect(whole.headers).toMatchObject({
      "content-type": "text/css; charset=utf-8",
      "content-length": String(content.length),
      "accept-ranges": "bytes",
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
    });
    const { etag = "", "last-modified": modified = "" } = whole.headers;
    expect(await get({}, "HEAD")).toMatchObject({ status: 200, body: "", headers: { etag } });
    expect(await get({ "If-None-Match": etag })).toMatchObject({ status: 304, body: "" });
    expect(await get({ "If-None-Match": '"other"' })).toMatchObject({ status: 200 });
    expect(await get({ "If-Modified-Since": modified })).toMatchObject({ status: 304 });
    const middle = await get({ Range: "bytes=2-4" });
    expect(middle).toMatchObject({ status: 206, body: "234" });
    expect(middle.headers["content-range"]).toBe(`bytes 2-4/${content.length}`);
    expect(await get({ Range: "bytes=-3" })).toMatchObject({ status: 206, body: "789" });
    expect((await get({ Range: `bytes=${content.length}-` })).status).toBe(416);
    expect(await get({ Range: "bytes=2-4", "If-Range": etag })).toMatchObject({ status: 206 });
    expect(await get({ Range: "bytes=2-4", "If-Range": '"other"' })).toMatchObject({ status: 200 });
  });
});

describeRouters("storage", (router) => {
  async function startLinked() {
    const world = makeWorld();
    world.release("1", { "index.html": "home" }, { kind: "static", public: "." }, ["uploads"]);
    put(at.storage(world.site), {
      "uploads/a.txt": "upload",
      "private/p.txt": "no",
      "uploads/index.html": "in",
    });
    put(world.root, { "outside/f.txt": "no" });
    symlinkSync("../../storage/uploads", join(at.release(world.site, "1"), "uploads"));
    const evil = {
      passwd: "/etc/passwd",
      out: "../../../../../outside",
      private: "../private",
      release: "../../releases/1",
      ring: "ring",
    };
    for (const [name, target] of Object.entries(evil))
      symlinkSync(target, at.storage(world.site, `uploads/${name}`));
    execFileSync("mkfifo", [at.storage(world.site, "uploads/pipe")]);
    world.side("blue", "1");
    world.traffic("blue");
    return { ...world, ...(await world.start(router)) };
  }

  test("is seen as it is at the moment", async () => {
    const { port, site } = await startLinked();
    expect((await ask(port, "/uploads/a.txt")).body).toBe("upload");
    expect((await ask(port, "/uploads/")).body).toBe("in");
    put(at.storage(site), { "uploads/b.txt": "b" });
    expect((await ask(port, "/uploads/b.txt")).body).toBe("b");
  });

  test("leads nowhere by symlinks that somebody put there", async () => {
    const { port } = await startLinked();
    const paths = [
      "passwd",
      "out/f.txt",
      "private/p.txt",
      "release/index.html",
      "ring",
      "pipe",
      "out",
      "private/",
    ];
    for (const path of paths) {
      const { status, body } = await ask(port, `/uploads/${path}`);
      expect([path, status >= 400, body.includes("no\n")]).toEqual([path, true, false]);
    }
  });
});

describeRouters("what files are sent with", (router) => {
  const HEADERS = {
    "X-Frame-Options": "DENY",
    "x-content-type-options": null,
    "Content-Security-Policy": "default-src 'self'; img-src \"x\"",
  };

  test("is what the site says, and of the usual what it says nothing of", async () => {
    const world = makeWorld();
    const serve: Serving = { kind: "static", public: ".", headers: HEADERS };
    world.release("1", { "index.html": "home", "style.css": "x" }, serve);
    world.side("blue", "1");
    world.traffic("blue");
    const { port } = await world.start(router);
    for (const path of ["/", "/style.css"]) {
      const { headers } = await ask(port, path);
      expect(headers).toMatchObject({
        "x-frame-options": "DENY",
        "content-security-policy": HEADERS["Content-Security-Policy"],
        "cache-control": "no-cache",
      });
      expect(headers).not.toHaveProperty("x-content-type-options");
    }
  });

  test.each([
    ["an app", { ...PROCESS, public: "." }],
    ["a static site", STATIC],
  ] as [string, Serving][])("may differ between the sides of %s", async (_, app) => {
    const world = makeWorld();
    world.release("1", { "file.txt": "old" }, { ...app, headers: { "X-Frame-Options": "DENY" } });
    world.release("2", { "file.txt": "new" }, { ...app, headers: { "Cache-Control": "max-age=60" } });
    world.side("blue", "1");
    world.side("green", "2");
    world.traffic("blue");
    const { port } = await world.start(router);
    const { headers } = await ask(port, "/file.txt");
    expect(headers).toMatchObject({ "x-frame-options": "DENY", "cache-control": "no-cache" });
    world.traffic("green");
    const after = (await ask(port, "/file.txt")).headers;
    expect(after).toMatchObject({ "cache-control": "max-age=60", "x-content-type-options": "nosniff" });
    expect(after).not.toHaveProperty("x-frame-options");
  });

  test.each([
    ["a static site", STATIC],
    ["an app", { ...PROCESS, public: "." }],
  ] as [string, Serving][])("of %s says what browsers needn't ask for again", async (_, serve) => {
    const world = makeWorld();
    const files = {
      "js/main.8f3a2b1c.js": "hashed",
      "fixed/logo.svg": "fixed",
      "plain.svg": "plain",
    };
    const storage = { "uploads/main.8f3a2b1c.js": "uploaded" };
    world.release("1", files, { ...serve, immutable: ["fixed"], headers: { "X-Frame-Options": "DENY" } }, [
      "uploads",
    ]);
    put(at.storage(world.site), storage);
    symlinkSync("../../storage/uploads", join(at.release(world.site, "1"), "uploads"));
    world.side("blue", "1");
    world.traffic("blue");
    const { port } = await world.start(router);
    const cacheOf = async (path: string) => {
      const { status, headers } = await ask(port, path);
      expect([status, headers["x-frame-options"]]).toEqual([200, "DENY"]);
      return headers["cache-control"];
    };
    for (const path of ["/js/main.8f3a2b1c.js", "/fixed/logo.svg"])
      expect(await cacheOf(path)).toBe("public, max-age=31536000, immutable");
    for (const path of ["/plain.svg", "/uploads/main.8f3a2b1c.js"])
      expect(await cacheOf(path)).toBe("no-cache");
  });
});

describeRouters("a link of the release that leads to storage", (router) => {
  test("leads no farther by symlinks that somebody put there", async () => {
    const world = makeWorld();
    world.release("1", { "public/index.html": "home" }, { kind: "static", public: "public" }, ["data"], {
      links: ["/files"],
    });
    put(at.storage(world.site), { "data/a.txt": "upload" });
    put(world.root, { "outside/f.txt": "no" });
    symlinkSync("../../storage/data", join(at.release(world.site, "1"), "data"));
    symlinkSync("../data", join(at.release(world.site, "1"), "public/files"));
    symlinkSync("../../../../../outside", at.storage(world.site, "data/out"));
    symlinkSync("/etc/passwd", at.storage(world.site, "data/passwd.txt"));
    world.side("blue", "1");
    world.traffic("blue");
    const { port } = await world.start(router);
    expect((await ask(port, "/files/a.txt")).body).toBe("upload");
    for (const path of ["/files/out/f.txt", "/files/passwd.txt"])
      expect([path, (await ask(port, path)).status]).toEqual([path, 404]);
  });
});
