import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { siteOf } from "../../src/environment/site.ts";
import { nginxAt, nginxOf } from "../../src/serving/nginx/places.ts";
import { reload } from "../../src/serving/nginx/program.ts";
import { ask } from "./ask.ts";
import { hasPhp, makePhpWorld, projectOf } from "./php-world.ts";
import { makeWorld, type World } from "./world.ts";

const PAGES = {
  "public/index.php": '<?php echo "front";',
  "public/slow.php": '<?php usleep(2000000); echo "slow";',
  "public/endless.php": "<?php while (true) usleep(1000);",
  "public/greedy.php": '<?php $s = str_repeat("x", 64 * 1024 * 1024); echo "had it";',
  "public/upload.php": '<?php echo strlen(file_get_contents("php://input"));',
  "public/read.php":
    '<?php echo @file_get_contents("/etc/hostname") === false ? "kept in" : "got out", is_file(__DIR__ . "/index.php") ? " home" : " lost";',
  "public/who.php":
    '<?php echo posix_getpwuid(posix_geteuid())["name"], " ", getenv("VITEST") === false ? "clear" : "leaky";',
};

async function deployed(serve: object = {}, more: object = {}) {
  const shop = await makePhpWorld({ "greenroom.json": projectOf(serve, more), ...PAGES });
  const up = await shop.up();
  const done = await shop.greenroom("deploy", "production");
  expect(done, done.stdout).toMatchObject({ exit: 0 });
  const get = (path: string, options = {}) => ask(up.port, "shop.localhost", path, options);
  return { shop, up, get };
}

function masterOf(world: World): number {
  return Number(readFileSync(join(world.root, "php/fpm.pid"), "utf8"));
}

async function untilAnswers(get: () => ReturnType<typeof ask>, body: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const page = await get().catch(() => null);
    if (page?.body === body) return;
    await pause(50);
  }
  throw new Error(`never answered ${body}`);
}

describe.skipIf(!hasPhp)(
  "PHP in trouble (else skipped: needs nginx and PHP-FPM)",
  { timeout: 60_000 },
  () => {
    test("limits hold, and what goes over them gets an answer", async () => {
      const php = { memory: "32m", upload: "1m", time: "1s", confined: true };
      const { get } = await deployed({ php });
      expect((await get("/greedy.php")).body).not.toContain("had it");
      expect((await get("/greedy.php")).status).toBe(500);
      expect((await get("/upload.php", { method: "POST", body: "x".repeat(1_500_000) })).body).toBe(
        "1500000",
      );
      expect((await get("/upload.php", { method: "POST", body: "x".repeat(2_500_000) })).status).toBe(413);
      expect((await get("/endless.php")).status).toBe(502);
      expect((await get("/read.php")).body).toBe("kept in home");
      expect((await get("/")).body).toBe("front");
    });

    test("where nothing says so it isn't confined, and it runs as the usual account with nothing in its environment", async () => {
      const { get } = await deployed();
      expect((await get("/read.php")).body).toBe("got out home");
      const who = process.getuid?.() === 0 ? "www-data" : process.env.USER;
      expect((await get("/who.php")).body).toBe(`${who} clear`);
    });

    test("a staging that changes the environment lets requests in flight end, and its secrets are nobody's", async () => {
      const { shop, get } = await deployed();
      const slow = get("/slow.php");
      await pause(300);
      shop.write({
        "greenroom.json": projectOf({}, { env: { TOKEN: "s3cret" } }),
        "public/new.php": "<?php",
      });
      expect(await shop.greenroom("deploy", "production")).toMatchObject({ exit: 0 });
      expect((await slow).body).toBe("slow");
      const pool = join(shop.root, "php/pools/greenroom-shop..production.green.conf");
      expect(readFileSync(pool, "utf8")).toContain("env[TOKEN] = 's3cret'");
      expect(statSync(pool).mode & 0o777).toBe(0o600);
      expect(readFileSync(pool.replace("green.conf", "blue.conf"), "utf8")).not.toContain("TOKEN");
    });

    test("what PHP-FPM refuses stops the command with its words, and visitors see nothing of it", async () => {
      const { shop, get } = await deployed();
      const alien = join(shop.root, "php/pools/alien.conf");
      writeFileSync(alien, "[alien]\nnonsense = on\n");
      shop.write({ "greenroom.json": projectOf({ php: { workers: 3 } }), "public/new.php": "<?php" });
      const { exit, error } = await shop.greenroom("stage", "production");
      expect([exit, error?.code]).toEqual([18, "ROUTER_REFUSED"]);
      expect(error?.detail?.join()).toContain("nonsense");
      expect(existsSync(join(shop.root, "php/pools/greenroom-shop..production.green.conf"))).toBe(false);
      expect((await get("/")).body).toBe("front");
      rmSync(alien);
      expect(await shop.greenroom("deploy", "production")).toMatchObject({ exit: 0 });
    });

    test("a PHP-FPM that is killed is started again", async () => {
      const { shop, get } = await deployed();
      expect((await get("/")).body).toBe("front");
      process.kill(masterOf(shop), "SIGKILL");
      await untilAnswers(() => get("/"), "front");
    });

    test("an `up` that was killed leaves it serving; the next one takes over, and ends it", async () => {
      const { shop, up, get } = await deployed();
      up.child.kill("SIGKILL");
      expect((await get("/")).body).toBe("front");
      const before = masterOf(shop);
      const second = await shop.up();
      await untilAnswers(() => get("/"), "front");
      const after = masterOf(shop);
      expect(after).not.toBe(before);
      expect(await second.stop()).toBe(0);
      for (const pid of [before, after]) expect(existsSync(`/proc/${pid}`), `${pid}`).toBe(false);
    });

    test("a page that fails keeps its release from visitors", async () => {
      const { shop, get } = await deployed();
      shop.write({ "public/index.php": '<?php throw new Exception("no database");' });
      const { exit, error } = await shop.greenroom("deploy", "production", "--switch");
      expect([exit, error?.code]).toEqual([19, "PROCESS_UNHEALTHY"]);
      expect(error?.detail?.join()).toContain("no database");
      expect((await get("/")).body).toBe("front");
    });

    test("without the guard, the same upload is run: the test of storage can fail", async () => {
      const { shop, get } = await deployed({}, { storage: ["public/uploads"] });
      const site = siteOf(shop.root, "shop", "production");
      writeFileSync(join(site.dir, "storage/public/uploads/evil.php"), '<?php echo "evil was run";');
      expect((await get("/uploads/evil.php")).status).toBe(404);
      const conf = readFileSync(nginxAt.site(site), "utf8");
      const guards = /location ~\*? "\^\\\/uploads[^{]*\{[^}]*\}|disable_symlinks [^;]*;/g;
      writeFileSync(nginxAt.site(site), conf.replace(guards, ""));
      await reload(nginxOf(shop.root, true));
      expect((await get("/uploads/evil.php")).body).toBe("evil was run");
    });

    test.each([
      ["a variable of several lines", {}, { env: { KEY: "a\nb" } }, "CONFIG_INVALID"],
      ["a variable that PHP-FPM would look up", {}, { env: { KEY: "$HOME" } }, "CONFIG_INVALID"],
      ["a front controller in storage", {}, { storage: ["public"] }, "CONFIG_INVALID"],
      ["a front controller that isn't there", { front: "app.php" }, {}, "PUBLIC_MISSING"],
      ["a folder that isn't there", { public: "web" }, {}, "PUBLIC_MISSING"],
      ["a front controller that is no script", { front: "index.html" }, {}, "CONFIG_INVALID"],
      ["a size that is none", { php: { upload: "much" } }, {}, "CONFIG_INVALID"],
    ])("%s is refused before anything is touched", async (_, serve, more, code) => {
      const shop = await makePhpWorld({ "greenroom.json": projectOf(serve, more), ...PAGES });
      await shop.up();
      expect((await shop.greenroom("deploy", "production")).error?.code).toBe(code);
      expect(existsSync(join(shop.root, "sites/shop/production/blue"))).toBe(false);
    });

    test.skipIf(process.getuid?.() !== 0)(
      "an account that isn't there is refused (else skipped: needs root)",
      async () => {
        const shop = await makePhpWorld({ "greenroom.json": projectOf({ user: "nobody-here" }), ...PAGES });
        await shop.up();
        const { error } = await shop.greenroom("deploy", "production");
        expect([error?.code, error?.message]).toEqual([
          "CONFIG_INVALID",
          expect.stringContaining("nobody-here"),
        ]);
      },
    );

    test("names with which a socket's path is too long for the kernel are refused", async () => {
      const [project, name] = ["p".repeat(40), "e".repeat(40)];
      const environments = { [name]: { domain: "shop.localhost" } };
      const shop = await makePhpWorld({
        "greenroom.json": { ...projectOf(), project, environments },
        ...PAGES,
      });
      await shop.up();
      const { error } = await shop.greenroom("deploy");
      expect([error?.code, error?.message]).toEqual(["ROOT_UNUSABLE", expect.stringContaining("bytes long")]);
    });

    test("doctor says what is missing for it", async () => {
      const shop = makeWorld({ "greenroom.json": projectOf(), ...PAGES });
      const { error } = await shop.greenroom("doctor");
      expect([error?.code, error?.hint]).toEqual(["DOCTOR_FAILED", "greenroom setup --router nginx"]);
      const ready = await makePhpWorld({ "greenroom.json": projectOf(), ...PAGES });
      const { result } = await ready.greenroom("doctor");
      expect(result.findings).toContainEqual(expect.objectContaining({ what: "PHP-FPM", state: "good" }));
    });
  },
);
