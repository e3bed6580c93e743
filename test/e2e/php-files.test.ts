import { lchownSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ask } from "./ask.ts";
import { hasPhp, makePhpWorld, projectOf } from "./php-world.ts";
import type { World } from "./world.ts";

const TELL = `<?php echo "ran ", basename(__FILE__), " info=", $_SERVER["PATH_INFO"] ?? "", " root=", basename($_SERVER["DOCUMENT_ROOT"]), " release=", $_SERVER["GREENROOM_RELEASE"];`;
const EVIL = '<?php echo "evil was run"; // secret source';
const NAMES = [
  "evil.php",
  "evil.PHP",
  "evil.php5",
  "evil.phtml",
  "evil.phar",
  "evil.php/x",
  "a.jpg/evil.php",
];

/** Asks for a site's scripts and files with one front controller, or none. */
async function serve(
  front: string | null,
): Promise<{ shop: World; get: (path: string, host?: string) => ReturnType<typeof ask> }> {
  const shop = await makePhpWorld({
    "greenroom.json": projectOf({ front }, { storage: ["public/uploads"] }),
    "public/index.php": TELL,
    "public/admin/index.php": TELL.replaceAll("ran", "ran admin"),
    "public/admin/old.php": TELL,
    "public/styles/a.css": "css",
    "public/.env": "SECRET=1",
    "public/.hidden.php": TELL,
    "public/shown.phps": TELL,
    "public/shown.PHP": TELL,
    "public/about.html": "about",
    "public/photo.jpg": EVIL,
    "lib/secret.php": TELL,
  });
  symlinkSync("uploads", join(shop.project, "public/alias"));
  const up = await shop.up();
  const done = await shop.greenroom("deploy", "production", "--version", "v1");
  expect(done, done.stdout).toMatchObject({ exit: 0 });
  const uploads = join(shop.root, "sites/shop/production/storage/public/uploads");
  for (const name of ["evil.php", "evil.PHP", "evil.php5", "evil.phtml", "evil.phar", "index.php"])
    writeFileSync(join(uploads, name), EVIL);
  writeFileSync(join(uploads, "a.jpg"), EVIL);
  symlinkSync("/etc/passwd", join(uploads, "passwd"));
  if (process.getuid?.() === 0) lchownSync(join(uploads, "passwd"), 33, 33);
  return { shop, get: (path, host = "shop.localhost") => ask(up.port, host, path) };
}

describe.skipIf(!hasPhp)(
  "files of a PHP site (else skipped: needs nginx and PHP-FPM)",
  { timeout: 60_000 },
  () => {
    test("with a front controller, each address has its script", async () => {
      const { get } = await serve("index.php");
      const body = async (path: string) => (await get(path)).body;
      expect(await body("/")).toBe("ran index.php info= root=public release=v1");
      expect(await body("/some/page?x=1")).toContain("ran index.php info= ");
      expect(await body("/admin/")).toContain("ran admin index.php");
      expect((await get("/admin")).headers.location).toBe("/admin/");
      expect(await body("/admin/old.php")).toContain("ran old.php");
      expect(await body("/admin/old.php/more/info")).toContain("ran old.php info=/more/info");
      expect(await body("/index.php/a/b")).toContain("ran index.php info=/a/b");
      expect(await body("/styles/")).toContain("ran index.php");
      expect(await body("/missing.php")).toContain("ran index.php info= ");
      expect(await body("/styles/a.css/x.php")).toContain("ran index.php info= ");
      expect(await get("/styles/a.css")).toMatchObject({ status: 200, body: "css" });
      for (const path of ["/.env", "/.hidden.php", "/../lib/secret.php", "/%2e%2e/lib/secret.php"])
        expect(await body(path), path).not.toMatch(/SECRET|hidden\.php|secret\.php/);
      for (const path of ["/shown.phps", "/shown.PHP"]) expect((await get(path)).status, path).toBe(404);
      await expectHarmless(get);
    });

    test("without one, what isn't there is a 404", async () => {
      const { get } = await serve(null);
      expect((await get("/")).body).toContain("ran index.php");
      expect((await get("/admin/old.php/info")).body).toContain("ran old.php info=/info");
      expect((await get("/about")).body).toBe("about");
      for (const path of [
        "/missing",
        "/missing.php",
        "/styles/",
        "/styles/a.css/x.php",
        "/.env",
        "/.hidden.php",
        "/shown.phps",
        "/shown.PHP",
        "/photo.jpg/x.php",
      ])
        expect((await get(path)).status, path).toBe(404);
      await expectHarmless(get);
    });

    test("sides with and without a front controller: each is served in its way", async () => {
      const { shop, get } = await serve("index.php");
      shop.write({
        "greenroom.json": projectOf({ front: null, php: { upload: "2m" } }, { storage: ["public/uploads"] }),
        "public/admin/old.php": TELL.replaceAll("ran", "new"),
      });
      const staged = await shop.greenroom("deploy", "production", "--version", "v2");
      expect(staged, staged.stdout).toMatchObject({ exit: 0 });
      const { host } = new URL(staged.result.urls.rehearsal);
      expect((await get("/some/page")).body).toContain("ran index.php info= root=public release=v1");
      expect((await get("/admin/old.php/info")).body).toContain("ran old.php info=/info");
      expect((await get("/admin/old.php/info", host)).body).toContain("new old.php info=/info");
      expect((await get("/admin/", host)).body).toContain("ran admin index.php");
      expect((await get("/about", host)).body).toBe("about");
      for (const path of ["/some/page", "/missing.php", "/.hidden.php", "/shown.PHP"])
        expect((await get(path, host)).status, path).toBe(404);
      await expectHarmless(get);
      await expectHarmless((path) => get(path, host));
    });

    test("a static side beside a PHP side: each is served in its way", async () => {
      const { shop, get } = await serve("index.php");
      shop.write({
        "greenroom.json": projectOf({ kind: "static", public: "public" }, { storage: ["public/uploads"] }),
      });
      const staged = await shop.greenroom("deploy", "production", "--version", "v2");
      expect(staged, staged.stdout).toMatchObject({ exit: 0 });
      expect((await get("/admin/")).body).toContain("ran admin index.php");
      expect((await get("/index.php/a/b")).body).toContain("ran index.php info=/a/b");
      expect((await get("/any/where")).body).toContain("ran index.php");
      expect((await get("/styles/a.css")).body).toBe("css");
      await expectHarmless(get);
      expect(await shop.greenroom("switch", "production")).toMatchObject({ exit: 0 });
      expect((await get("/about")).body).toBe("about");
      expect((await get("/any/where")).status).toBe(404);
      await expectHarmless(get, ["/uploads"]);
    });
  },
);

/** What visitors brought: never run, never shown as a program. */
async function expectHarmless(
  get: (path: string) => ReturnType<typeof ask>,
  folders = ["/uploads", "/uploads/", "/x/../uploads", "/alias"],
): Promise<void> {
  for (const name of NAMES) {
    for (const path of folders.map((folder) => `${folder}/${name}`)) {
      const { body, status } = await get(path);
      expect(body, path).not.toContain("evil was run");
      if (!path.startsWith("/alias")) expect(status, path).toBe(404);
    }
  }
  expect((await get("/uploads/")).body).not.toContain("evil");
  expect((await get("/uploads/a.jpg")).body).toBe(EVIL);
  for (const folder of folders) expect((await get(`${folder}/passwd`)).body, folder).not.toContain("root:");
}
