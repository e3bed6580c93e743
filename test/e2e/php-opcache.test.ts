import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import { movePointer } from "../../src/disk/durable.ts";
import { other } from "../../src/environment/sides.ts";
import { at, siteOf } from "../../src/environment/site.ts";
import { moveTraffic, readTraffic } from "../../src/environment/traffic.ts";
import { nginxAt, nginxOf } from "../../src/serving/nginx/places.ts";
import { reload } from "../../src/serving/nginx/program.ts";
import { ask } from "./ask.ts";
import { hasPhp, makePhpWorld, projectOf } from "./php-world.ts";

const SWITCHES = process.env.GREENROOM_FAULTS === "long" ? 500 : 50;

// Two scripts that both say which release they are of, and the cache that never looks at a file twice.
const PAGE = (release: string) => `<?php
$line = "release ${release}\\n";
echo str_repeat($line, 200);
require __DIR__ . "/../lib/stamp.php";
if (!opcache_get_status(false)["opcache_enabled"]) echo "no cache\\n";`;
const STAMP = (release: string) => `<?php echo str_repeat("release ${release}\\n", 200);`;
const NEVER_LOOK = {
  "opcache.enable": true,
  "opcache.validate_timestamps": false,
  "opcache.revalidate_freq": 3600,
  "opcache.file_update_protection": 0,
};

interface Seen {
  answered: number;
  failed: number;
  mixed: number;
  why: Record<string, number>;
  /** Of the answers to requests that were sent after a switch, those of another release than it. */
  stale: number;
}

/** Switches again and again under load, each time to a release of its own; `edit` changes what nginx is told. */
async function switchUnderLoad(edit: (conf: string) => string): Promise<Seen> {
  const shop = await makePhpWorld({
    "greenroom.json": projectOf({ php: { ini: NEVER_LOOK, workers: 8 } }),
    "public/index.php": PAGE("r0"),
    "lib/stamp.php": STAMP("r0"),
  });
  const up = await shop.up();
  const site = siteOf(shop.root, "shop", "production");
  const first = await shop.greenroom("deploy", "--version", "r0");
  expect(first, first.stdout).toMatchObject({ exit: 0, result: { live: true } });
  shop.write({ "public/index.php": PAGE("r1"), "lib/stamp.php": STAMP("r1") });
  expect(await shop.greenroom("deploy", "--version", "r1")).toMatchObject({ exit: 0 });
  const conf = readFileSync(nginxAt.site(site), "utf8");
  writeFileSync(nginxAt.site(site), edit(conf));
  await reload(nginxOf(shop.root, true));

  const load = await startLoad(up.port);
  let stale = 0;
  for (let n = 2; n < SWITCHES + 2; n++) {
    const release = `r${n}`;
    for (const [path, content] of [
      ["public/index.php", PAGE(release)],
      ["lib/stamp.php", STAMP(release)],
    ] as const) {
      mkdirSync(join(at.release(site, release), path, ".."), { recursive: true });
      writeFileSync(join(at.release(site, release), path), content);
    }
    copyFileSync(at.staged(site, "r0"), at.staged(site, release));
    const { generation, live } = readTraffic(site)!;
    movePointer(at.side(site, other(live)), `releases/${release}`);
    moveTraffic(site, { generation: generation + 1, live: other(live), share: 0 });
    const bodies = await Promise.all([1, 2, 3, 4].map(() => ask(up.port, "shop.localhost")));
    stale += bodies.filter(({ body }) => body !== `release ${release}\n`.repeat(400)).length;
  }
  return { ...(await load.end()), stale };
}

async function startLoad(port: number) {
  const argv = ["test/e2e/load-client.mjs", String(port), "shop.localhost", "GET"];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    async end(): Promise<Omit<Seen, "stale">> {
      child.kill("SIGTERM");
      return JSON.parse((await lines.next()).value as string);
    },
  };
}

describe.skipIf(!hasPhp)(
  "PHP's opcode cache (else skipped: needs nginx and PHP-FPM)",
  { timeout: 300_000 },
  () => {
    test(`never answers from an old release, in ${SWITCHES} switches under load`, async () => {
      const seen = await switchUnderLoad((conf) => conf);
      expect(seen).toMatchObject({ failed: 0, mixed: 0, stale: 0, why: {} });
      expect(seen.answered).toBeGreaterThan(SWITCHES);
    });

    test("forgets what is rendered anew for a release that comes back", async () => {
      const environment = (name: string) => ({ domain: "shop.localhost", values: { name } });
      const project = (name: string) => ({
        ...projectOf({ php: { ini: NEVER_LOOK } }, { config: { "name.php": "name.hbs" } }),
        environments: { production: environment(name) },
      });
      const page = '<?php require __DIR__ . "/../name.php";';
      const shop = await makePhpWorld({
        "greenroom.json": project("one"),
        "name.hbs": '<?php echo "{{name}}";',
        "public/index.php": page,
      });
      const up = await shop.up();
      const get = async () => (await ask(up.port, "shop.localhost")).body;
      const deploy = async (release: string, ...more: string[]) => {
        const done = await shop.greenroom("deploy", "--switch", ...more, release);
        expect(done, done.stdout).toMatchObject({ exit: 0 });
      };
      // From the second on nothing changes for PHP-FPM.
      for (const first of ["v0", "v1"]) {
        shop.write({ "public/other.txt": first });
        await deploy(first, "--version");
      }
      expect(await get()).toBe("one");
      for (const other of ["v2", "v3"]) {
        shop.write({ "public/other.txt": other });
        await deploy(other, "--version");
      }
      shop.write({ "greenroom.json": project("two") });
      await deploy("v1", "--release");
      expect(await get()).toBe("two");
    });

    test("the same switches catch a path that goes by the side's name", async () => {
      const seen = await switchUnderLoad((conf) => {
        const wrong = conf.replaceAll(
          "set $greenroom_real $realpath_root;",
          "set $greenroom_real $document_root;",
        );
        expect(wrong).not.toBe(conf);
        return wrong;
      });
      expect(seen.stale).toBeGreaterThan(0);
    });
  },
);
