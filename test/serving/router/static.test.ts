import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { at } from "../../../src/environment/site.ts";
import { ask, hear, keepAlive, say, until } from "./client.ts";
import { makeWorld, put, SECRET, type World } from "./world.ts";

const BIG = Buffer.alloc(300_000, "0123456789");

function makeSite(files: Record<string, string | Buffer>, folder = "."): World {
  const world = makeWorld();
  world.release("1", files, { kind: "static", public: folder });
  world.side("blue", "1");
  world.traffic("blue");
  return world;
}

describe("a static site", () => {
  test("finds files, folders, pages without their ending and its own 404 page", async () => {
    const { port } = await makeSite({
      "index.html": "home",
      "about.html": "about",
      "docs/index.html": "docs",
      "docs.html": "not this",
      "both/x.txt": "x",
      "both.html": "both",
      "naïve file.txt": "odd",
      "app.css": "css",
      "LICENSE.constructor": "plain",
      ".well-known/x.txt": "known",
      "404.html": "lost",
    }).start();
    const get = async (path: string) => {
      const { status, body, headers } = await ask(port, path);
      return [status, headers.location ?? body];
    };
    // Twice, because the second answer comes from memory.
    for (let round = 0; round < 2; round++) {
      expect(await get("/")).toEqual([200, "home"]);
      expect(await get("/?x=/../")).toEqual([200, "home"]);
      expect(await get("//")).toEqual([200, "home"]);
      expect(await get("/about")).toEqual([200, "about"]);
      expect(await get("/about.html")).toEqual([200, "about"]);
      expect(await get("/about/")).toEqual([404, "lost"]);
      expect(await get("/docs?a=1")).toEqual([301, "/docs/?a=1"]);
      expect(await get("//docs")).toEqual([301, "/docs/"]);
      expect(await get("/docs/")).toEqual([200, "docs"]);
      expect(await get("/both")).toEqual([200, "both"]);
      expect(await get("/both/")).toEqual([404, "lost"]);
      expect(await get("/na%C3%AFve%20file.txt")).toEqual([200, "odd"]);
      expect(await get("/.well-known/x.txt")).toEqual([200, "known"]);
      expect(await get("/index.html/x")).toEqual([404, "lost"]);
      expect(await get(`/${"x".repeat(300)}`)).toEqual([404, "lost"]);
    }
    expect((await ask(port, "/app.css")).headers["content-type"]).toBe("text/css; charset=utf-8");
    expect((await ask(port, "/LICENSE.constructor")).headers["content-type"]).toBe(
      "application/octet-stream",
    );
  });

  test("has a page of ours where it has no 404 page", async () => {
    const { port } = await makeSite({ "index.html": "home" }).start();
    expect(await ask(port, "/x")).toMatchObject({
      status: 404,
      body: expect.stringContaining("no such page"),
    });
  });

  test("shows just its public folder", async () => {
    const { port } = await makeSite({ "dist/index.html": "home", "secret.txt": "no" }, "dist").start();
    expect((await ask(port, "/")).body).toBe("home");
    for (const path of [
      "/../secret.txt",
      "/%2e%2e/secret.txt",
      "/..%2fsecret.txt",
      "/dist/index.html",
      "/x/../../secret.txt",
    ]) {
      expect((await ask(port, path)).status).toBe(404);
    }
  });

  test.each([
    ["/.git/config", 404],
    ["/%2egit/config", 404],
    ["/a/.env", 404],
    ["/a/%2Eenv", 404],
    ["/a%2f.env", 404],
    ["/%", 400],
    ["/%zz", 400],
    ["/%ff", 400],
    ["/index.html%00", 400],
  ])("answers %s with %i", async (path, status) => {
    const { port } = await makeSite({ ".git/config": "x", "a/.env": "x", "index.html": "x" }).start();
    expect((await ask(port, path)).status).toBe(status);
  });

  test("only reads", async () => {
    const { port } = await makeSite({ "index.html": "home" }).start();
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      const answer = await ask(port, "/", { method, body: "x".repeat(100_000) });
      expect(answer).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    }
  });

  test("never redirects to another host", async () => {
    const { port } = await makeSite({
      "evil.com/index.html": "x",
      "\\evil.com/index.html": "x",
      "a?b/index.html": "x",
    }).start();
    expect((await ask(port, "//evil.com")).headers.location).toBe("/evil.com/");
    expect((await ask(port, "/%5Cevil.com")).headers.location).toBe("/%5Cevil.com/");
    expect((await ask(port, "/a%3Fb")).headers.location).toBe("/a%3Fb/");
  });

  test("takes a whole URL as the target", async () => {
    const { port } = await makeSite({ "a.txt": "a" }).start();
    expect((await ask(port, "http://shop.localhost/a.txt", { host: "x.localhost" })).body).toBe("a");
    expect((await ask(port, "http://x.localhost/a.txt")).status).toBe(404);
    expect((await ask(port, "a.txt").catch(() => ({ status: 400 }))).status).toBe(400);
  });
});

describe.each([
  ["a small file", Buffer.from("0123456789")],
  ["a big file", BIG],
])("%s", (_, content) => {
  const size = content.length;

  test("is whole, with everything a cache needs", async () => {
    const { port } = await makeSite({ "f.txt": content }).start();
    const answer = await ask(port, "/f.txt");
    expect(answer.body).toBe(content.toString());
    expect(answer.headers).toMatchObject({
      "content-length": String(size),
      "accept-ranges": "bytes",
      "cache-control": "no-cache",
      etag: expect.stringMatching(/^"[^"]+"$/),
      "last-modified": expect.stringMatching(/GMT$/),
    });
    const head = await ask(port, "/f.txt", { method: "HEAD" });
    expect({ ...head.headers, date: "" }).toEqual({ ...answer.headers, date: "" });
    expect(head).toMatchObject({ status: 200, body: "" });
  });

  test("isn't sent again to who has it", async () => {
    const { port } = await makeSite({ "f.txt": content }).start();
    const { etag, "last-modified": modified } = (await ask(port, "/f.txt")).headers;
    const status = async (headers: Record<string, string>) => (await ask(port, "/f.txt", { headers })).status;
    expect(await status({ "If-None-Match": etag! })).toBe(304);
    expect(await status({ "If-None-Match": `"x", W/${etag}` })).toBe(304);
    expect(await status({ "If-None-Match": "*" })).toBe(304);
    expect(await status({ "If-None-Match": '"x"' })).toBe(200);
    expect(await status({ "If-Modified-Since": modified! })).toBe(304);
    expect(await status({ "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT" })).toBe(200);
    expect(await status({ "If-Modified-Since": "yesterday" })).toBe(200);
    expect(await status({ "If-None-Match": '"x"', "If-Modified-Since": modified! })).toBe(200);
    const again = await ask(port, "/f.txt", { headers: { "If-None-Match": etag! } });
    expect(again).toMatchObject({ body: "", headers: { etag } });
    expect(again.headers["content-length"]).toBeUndefined();
  });

  test.each([
    ["bytes=2-4", 206, [2, 4]],
    ["bytes=0-0", 206, [0, 0]],
    ["bytes=5-", 206, [5, size - 1]],
    ["bytes=-3", 206, [size - 3, size - 1]],
    [`bytes=-${size * 2}`, 206, [0, size - 1]],
    [`bytes=7-${size * 2}`, 206, [7, size - 1]],
    [`bytes=${size}-`, 416, null],
    ["bytes=-0", 416, null],
    ["bytes=4-2", 200, [0, size - 1]],
    ["bytes=0-1,3-4", 200, [0, size - 1]],
    ["lines=1-2", 200, [0, size - 1]],
    ["bytes=-", 200, [0, size - 1]],
  ] as const)("in the range %s is %i", async (range, status, part) => {
    const { port } = await makeSite({ "f.txt": content }).start();
    const answer = await ask(port, "/f.txt", { headers: { Range: range } });
    expect(answer.status).toBe(status);
    expect(answer.body).toBe(part ? content.subarray(part[0], part[1] + 1).toString() : "");
    const expected = {
      206: part && `bytes ${part[0]}-${part[1]}/${size}`,
      416: `bytes */${size}`,
      200: undefined,
    };
    expect(answer.headers["content-range"]).toBe(expected[status]);
  });

  test("gives a range only of the version that If-Range names", async () => {
    const { port } = await makeSite({ "f.txt": content }).start();
    const { etag, "last-modified": modified } = (await ask(port, "/f.txt")).headers;
    for (const [condition, status] of [
      [etag!, 206],
      [modified!, 206],
      ['"x"', 200],
      [`W/${etag}`, 200],
    ] as const) {
      const headers = { Range: "bytes=0-1", "If-Range": condition };
      expect((await ask(port, "/f.txt", { headers })).status).toBe(status);
    }
  });
});

test("an empty file is empty", async () => {
  const { port } = await makeSite({ "f.txt": "" }).start();
  for (let round = 0; round < 2; round++)
    expect(await ask(port, "/f.txt")).toMatchObject({ status: 200, body: "" });
  expect((await ask(port, "/f.txt", { headers: { Range: "bytes=0-" } })).status).toBe(416);
});

test("equal size and time in two releases still give two ETags", async () => {
  const world = makeSite({ "f.txt": "one" });
  world.release("2", { "f.txt": "two" });
  world.side("green", "2");
  const time = [
    "-d",
    "2026-01-01",
    join(at.release(world.site, "1"), "f.txt"),
    join(at.release(world.site, "2"), "f.txt"),
  ];
  execFileSync("touch", time);
  const { port } = await world.start();
  const first = await ask(port, "/f.txt");
  world.traffic("green");
  const second = await ask(port, "/f.txt", { headers: { "If-None-Match": first.headers.etag! } });
  expect(second).toMatchObject({ status: 200, body: "two" });
});

test("a version whose tree was recycled for other content shows the new content", async () => {
  const world = makeSite({ "f.txt": "old", "g.txt": "stays" });
  world.preview(`${SECRET}-1`, "../releases/1");
  const { port } = await world.start();
  const get = async () => (await ask(port, "/f.txt", { host: `${SECRET}-1.shop.localhost` })).body;
  expect(await get()).toBe("old");
  const tree = at.release(world.site, "1");
  renameSync(tree, `${tree}.tmp`);
  put(`${tree}.tmp`, { "f.txt.new": "new" });
  renameSync(`${tree}.tmp/f.txt.new`, `${tree}.tmp/f.txt`);
  expect((await ask(port, "/f.txt", { host: `${SECRET}-1.shop.localhost` })).status).toBe(404);
  renameSync(`${tree}.tmp`, tree);
  expect(await get()).toBe("new");
});

describe("symlinks of a release", () => {
  function makeLinked(): World {
    const world = makeSite({ "index.html": "home", "in/f.txt": "inside" });
    const tree = at.release(world.site, "1");
    put(at.storage(world.site), { "uploads/a.txt": "upload", "private/p.txt": "other storage" });
    put(at.config(world.site, "1"), { "c.json": "{}" });
    put(at.config(world.site, "2"), { "c.json": "{}" });
    put(world.root, { "outside.txt": "outside", "outside/f.txt": "outside" });
    symlinkSync("../../storage/uploads", join(tree, "uploads"));
    symlinkSync("uploads", join(tree, "alias"));
    symlinkSync("../../config/1/c.json", join(tree, "c.json"));
    symlinkSync("../../config/2/c.json", join(tree, "other.json"));
    symlinkSync("in/f.txt", join(tree, "link.txt"));
    symlinkSync("../../../../../outside.txt", join(tree, "out.txt"));
    symlinkSync("../../../../../outside", join(tree, "out"));
    symlinkSync("/etc/passwd", join(tree, "passwd"));
    symlinkSync("loop", join(tree, "loop"));
    symlinkSync("../../storage/later", join(tree, "later"));
    return world;
  }

  test("lead into the release, the storage and its own config, nowhere else", async () => {
    const { port } = await makeLinked().start();
    for (let round = 0; round < 2; round++) {
      expect((await ask(port, "/link.txt")).body).toBe("inside");
      expect((await ask(port, "/uploads/a.txt")).body).toBe("upload");
      expect((await ask(port, "/alias/a.txt")).body).toBe("upload");
      expect((await ask(port, "/c.json")).body).toBe("{}");
      for (const path of [
        "/other.json",
        "/out.txt",
        "/out/f.txt",
        "/passwd",
        "/loop",
        "/later",
        "/uploads",
      ]) {
        expect([path, (await ask(port, path)).status]).toEqual([path, 404]);
      }
    }
  });

  test("show storage as it is at the moment", async () => {
    const world = makeLinked();
    const { port } = await world.start();
    const uploads = at.storage(world.site, "uploads");
    const headers = { "If-None-Match": (await ask(port, "/uploads/a.txt")).headers.etag! };
    expect((await ask(port, "/uploads/a.txt", { headers })).status).toBe(304);
    appendFileSync(join(uploads, "a.txt"), " changed");
    expect(await ask(port, "/uploads/a.txt", { headers })).toMatchObject({
      status: 200,
      body: "upload changed",
    });
    expect((await ask(port, "/uploads/b.txt")).status).toBe(404);
    writeFileSync(join(uploads, "b.txt"), "b");
    expect((await ask(port, "/uploads/b.txt")).body).toBe("b");
    rmSync(join(uploads, "b.txt"));
    expect((await ask(port, "/uploads/b.txt")).status).toBe(404);
    put(at.storage(world.site), { later: "now" });
    expect((await ask(port, "/later")).body).toBe("now");
    expect((await ask(port, "/uploads/a.txt", { headers: { Range: "bytes=1-2" } })).body).toBe("pl");
  });

  test.each([
    ["an absolute path", () => "/etc/passwd"],
    ["a path up", () => "../../../../../outside.txt"],
    ["the release", (world: World) => join(at.release(world.site, "1"), "index.html")],
    ["the release, relatively", () => "../../releases/1/index.html"],
    ["the config", () => "../../config/1/c.json"],
    ["a folder outside", () => "../../../../../outside"],
  ])("inside storage never lead to %s", async (_, target) => {
    const world = makeLinked();
    symlinkSync(target(world), at.storage(world.site, "uploads/evil"));
    symlinkSync("evil", at.storage(world.site, "uploads/twice"));
    const { port } = await world.start();
    for (const path of ["evil", "twice", "evil/f.txt", "twice/f.txt"]) {
      expect((await ask(port, `/uploads/${path}`)).status).toBe(404);
    }
  });

  test("inside storage may stay there", async () => {
    const world = makeLinked();
    symlinkSync("a.txt", at.storage(world.site, "uploads/same"));
    const { port } = await world.start();
    expect((await ask(port, "/uploads/same")).body).toBe("upload");
  });

  test("don't make a pipe hang the router", async () => {
    const world = makeLinked();
    execFileSync("mkfifo", [at.storage(world.site, "uploads/pipe")]);
    const { port } = await world.start();
    expect((await ask(port, "/uploads/pipe")).status).toBe(404);
  });

  test("work where the storage itself lies elsewhere", async () => {
    const world = makeLinked();
    renameSync(at.storage(world.site), join(world.root, "disk2"));
    symlinkSync(join(world.root, "disk2"), join(world.site.dir, "storage"));
    const { port } = await world.start();
    expect((await ask(port, "/uploads/a.txt")).body).toBe("upload");
  });

  test("leave no file open, whatever the answer", async () => {
    const world = makeLinked();
    const { port } = await world.start();
    const { etag } = (await ask(port, "/uploads/a.txt")).headers;
    const every: Record<string, string>[] = [
      { Accept: "*" },
      { "If-None-Match": etag! },
      { Range: "bytes=99-" },
      { Range: "bytes=0-1" },
    ];
    for (const headers of every) {
      await ask(port, "/uploads/a.txt", { headers });
      await ask(port, "/uploads/a.txt", { headers, method: "HEAD" });
    }
    await until(() => openFilesBelow(world.root) === 0, "all files are closed");
  });
});

describe("streaming a file", () => {
  function makeHuge(): World {
    const world = makeSite({});
    put(at.storage(world.site), { "huge.bin": "x" });
    truncateSync(at.storage(world.site, "huge.bin"), 512 * 1024 * 1024);
    symlinkSync("../../storage/huge.bin", join(at.release(world.site, "1"), "huge.bin"));
    linkSync(at.storage(world.site, "huge.bin"), join(at.release(world.site, "1"), "own.bin"));
    return world;
  }

  test.each(["/huge.bin", "/own.bin"])(
    "%s waits for a slow visitor, and ends when he leaves",
    async (path) => {
      const world = makeHuge();
      const { port } = await world.start();
      const before = process.memoryUsage().rss;
      const socket = say(port, `GET ${path} HTTP/1.1\r\nHost: shop.localhost\r\n\r\n`);
      await new Promise((resolve) => socket.once("readable", resolve));
      await until(() => openFilesBelow(world.root) === 1, "the file is open");
      await ask(port, "/nothing");
      expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
      socket.destroy();
      await until(() => openFilesBelow(world.root) === 0, "the file is closed");
    },
  );

  test("breaks off when the file becomes shorter meanwhile", async () => {
    const world = makeHuge();
    const { port } = await world.start();
    const socket = say(port, "GET /huge.bin HTTP/1.1\r\nHost: shop.localhost\r\n\r\n");
    await new Promise((resolve) => socket.once("readable", resolve));
    truncateSync(at.storage(world.site, "huge.bin"), 1000);
    expect((await hear(socket)).length).toBeLessThan(512 * 1024 * 1024);
  });
});

test("small files in memory stay under a bound", async () => {
  const { createFileCache } = await import("../../../src/serving/router/file-cache.ts");
  const { describeFile } = await import("../../../src/serving/router/static-file.ts");
  const cache = createFileCache(100_000);
  const files = new Map();
  const stats = { ino: 1, size: 1, mtimeMs: 1, mtime: new Date() } as never;
  const remember = (name: string) =>
    cache.remember(files, name, { ...describeFile(name, name, stats, []), content: Buffer.alloc(10_000) });
  remember("/hot");
  for (let index = 0; index < 50; index++) {
    files.get("/hot").used = true;
    remember(`/${index}`);
    expect(cache.bytes).toBeLessThanOrEqual(100_000);
  }
  expect(files.has("/hot")).toBe(true);
  expect(files.has("/0")).toBe(false);
  expect(files.has("/49")).toBe(true);
  cache.drop(files);
  expect(cache.bytes).toBe(0);
});

test("many visitors on kept connections all get whole files", async () => {
  const { port } = await makeSite({ "f.txt": BIG, "g.txt": "g" }).start();
  const agent = keepAlive(8);
  const answers = await Promise.all(
    Array.from({ length: 64 }, (_, index) => ask(port, index % 2 ? "/f.txt" : "/g.txt", { agent })),
  );
  expect(answers.every(({ body }, index) => body === (index % 2 ? BIG.toString() : "g"))).toBe(true);
});

function openFilesBelow(root: string): number {
  mkdirSync(root, { recursive: true });
  return readdirSync("/proc/self/fd").filter((fd) => targetOf(fd).startsWith(`${root}/`)).length;
}

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}
