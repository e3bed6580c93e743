import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ask } from "./ask.ts";
import { hasPhp, makePhpWorld, projectOf } from "./php-world.ts";
import { makeWorld } from "./world.ts";

const FRONT = (text: string) =>
  `<?php echo "${text} ", $_SERVER["REQUEST_METHOD"], " ", $_SERVER["REQUEST_URI"], " ", $_SERVER["SCRIPT_NAME"], " ", getenv("GREETING");`;

describe.skipIf(!hasPhp)("a PHP site (else skipped: needs nginx and PHP-FPM)", { timeout: 60_000 }, () => {
  test("is staged, checked, looked at, switched and rolled back", async () => {
    const shop = await makePhpWorld({
      "greenroom.json": projectOf(
        {},
        { env: { GREETING: 'it\'s "$1"' }, checks: [{ http: "/x", contains: "one GET /x" }] },
      ),
      "public/index.php": FRONT("one"),
      "public/style.css": "css",
    });
    const up = await shop.up();
    const first = await shop.greenroom("deploy", "production");
    expect(first, first.stdout).toMatchObject({ exit: 0, result: { live: true } });
    const get = (path: string, host = "shop.localhost") => ask(up.port, host, path);
    expect((await get("/a/b?c=d")).body).toBe('one GET /a/b?c=d /index.php it\'s "$1"');
    expect((await get("/")).body).toContain("one GET / /index.php");
    expect(await get("/style.css")).toMatchObject({ status: 200, body: "css" });

    shop.write({
      "greenroom.json": projectOf({}, { env: { GREETING: "hello" } }),
      "public/index.php": FRONT("two"),
    });
    const second = await shop.greenroom("deploy", "production");
    expect(second, second.stdout).toMatchObject({ exit: 0 });
    expect((await get("/", new URL(second.result.urls.rehearsal).host)).body).toBe(
      "two GET / /index.php hello",
    );
    expect((await get("/")).body).toBe('one GET / /index.php it\'s "$1"');
    const log = () => readFileSync(join(shop.root, "php/error.log"), "utf8");
    const reloads = () => log().match(/Reloading in progress/g)?.length ?? 0;
    const before = reloads();
    expect(before).toBeGreaterThan(0);
    expect(await shop.greenroom("switch", "production")).toMatchObject({ exit: 0 });
    expect((await get("/")).body).toBe("two GET / /index.php hello");
    expect(await shop.greenroom("rollback", "production")).toMatchObject({ exit: 0 });
    expect((await get("/")).body).toContain("one GET /");
    expect(reloads()).toBe(before);

    expect(await shop.greenroom("remove", "production", "--force")).toMatchObject({ exit: 0 });
    expect((await get("/")).status).toBe(404);
    expect(await up.stop()).toBe(0);
  });

  test("holds visitors while it is paused, whatever they bring, and keeps old pages' files", async () => {
    const shop = await makePhpWorld({
      "greenroom.json": projectOf(),
      "public/index.php": FRONT("front"),
      "public/form.php":
        '<?php echo "form got ", strlen(file_get_contents("php://input")), getenv("GREENROOM_SIDE");',
      "public/.hidden.php": '<?php echo "hidden was run";',
      "public/app-a1b2c3d4.js": "old",
    });
    const up = await shop.up();
    const asked = (path: string, body: string) =>
      ask(up.port, "shop.localhost", path, { method: "POST", body });
    for (const side of ["blue", "green"]) {
      shop.write({ "public/side.txt": side });
      const done = await shop.greenroom("deploy", "production", "--switch");
      expect(done, done.stdout).toMatchObject({ exit: 0 });
      expect(await shop.greenroom("pause", "production")).toMatchObject({ exit: 0 });
      const body = "x".repeat(100_000);
      const held = ["/form.php", "/route", "/.hidden.php"].map((path) => asked(path, body));
      const get = ask(up.port, "shop.localhost", "/form.php");
      expect(await Promise.race([...held, get, pause(300, "held")])).toBe("held");
      expect(await shop.greenroom("resume", "production")).toMatchObject({ exit: 0 });
      const [form, route, hidden] = await Promise.all(held);
      expect(form!.body).toBe(`form got 100000${side}`);
      expect(route!.body).toContain("front POST /route");
      expect(hidden!.body).not.toContain("hidden was run");
      expect((await get).body).toBe(`form got 0${side}`);
    }
    // From here on the sides are served in different ways: green's is live, then blue's.
    const process = { kind: "process", start: { web: "node app.cjs" }, public: "public" };
    const app =
      'require("node:http").createServer((q, a) => { let n = 0; q.on("data", (d) => (n += d.length)).on("end", () => a.end("app got " + n)); }).listen(process.env.SOCKET)';
    shop.write({ "greenroom.json": { ...projectOf(), serve: process }, "app.cjs": app });
    expect(await shop.greenroom("deploy", "production")).toMatchObject({ exit: 0 });
    for (const body of ["form got 3green", "app got 3"]) {
      expect(await shop.greenroom("pause", "production")).toMatchObject({ exit: 0 });
      const held = asked(body.startsWith("app") ? "/some/form" : "/form.php", "xyz");
      expect(await Promise.race([held, pause(300, "held")])).toBe("held");
      expect(await shop.greenroom("resume", "production")).toMatchObject({ exit: 0 });
      expect((await held).body).toBe(body);
      await shop.greenroom("switch", "production");
    }
    shop.write({ "greenroom.json": projectOf() });
    rmSync(join(shop.project, "public/app-a1b2c3d4.js"));
    expect(await shop.greenroom("deploy", "production", "--switch")).toMatchObject({ exit: 0 });
    expect((await ask(up.port, "shop.localhost", "/app-a1b2c3d4.js")).body).toBe("old");
    expect((await ask(up.port, "shop.localhost", "/app-a1b2c3d5.js")).body).toContain("front GET /app");
  });

  test("is what init makes of a folder with a script to begin with", async () => {
    const shop = await makePhpWorld({ "public/index.php": FRONT("one"), "composer.json": {} });
    const { result } = await shop.greenroom("init", "--yes");
    expect(result.content.serve).toEqual({ kind: "php", public: "public" });
    const up = await shop.up();
    const done = await shop.greenroom("deploy", "production");
    expect(done, done.stdout).toMatchObject({ exit: 0 });
    expect((await ask(up.port, new URL(done.result.urls.live).hostname)).body).toContain("one GET /");
  });

  test("a root without nginx refuses it, and says what helps", async () => {
    const shop = makeWorld({ "greenroom.json": projectOf(), "public/index.php": FRONT("one") });
    await shop.up();
    const { exit, error } = await shop.greenroom("deploy", "production");
    expect([exit, error?.code, error?.hint]).toEqual([
      18,
      "ROUTER_REFUSED",
      "greenroom setup --router nginx",
    ]);
  });
});
