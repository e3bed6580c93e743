import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { whileAsking } from "./load/client.ts";
import { hasPhp, makePhpWorld, projectOf } from "./php-world.ts";
import type { World } from "./world.ts";

const PAGE = '<?php usleep(random_int(0, 20000)); echo str_repeat("release one\\n", 100);';

/** Asks a live site all the while that `act` takes. */
async function underLoad(act: (shop: World) => Promise<void>) {
  const shop = await makePhpWorld({ "greenroom.json": projectOf(), "public/index.php": PAGE });
  const up = await shop.up();
  expect(await shop.greenroom("deploy", "production")).toMatchObject({ exit: 0 });
  const target = [String(up.port), "shop.localhost", "GET"];
  return whileAsking<{ answered: number; failed: number }>("load-client.mjs", target, () => act(shop));
}

function masterOf({ root }: World): number {
  return Number(readFileSync(join(root, "php/fpm.pid"), "utf8"));
}

function reloadsOf({ root }: World): number {
  return readFileSync(join(root, "php/error.log"), "utf8").split("reloading: execvp").length - 1;
}

describe.skipIf(!hasPhp)(
  "PHP-FPM's reload (else skipped: needs nginx and PHP-FPM)",
  { timeout: 120_000 },
  () => {
    test("loses no request when a staging brings other limits", async () => {
      const seen = await underLoad(async (shop) => {
        const before = reloadsOf(shop);
        for (const workers of [2, 3, 4, 5, 6]) {
          shop.write({ "greenroom.json": projectOf({ php: { workers } }), "public/n.txt": `${workers}` });
          const staged = await shop.greenroom("stage", "production");
          expect(staged, staged.stdout).toMatchObject({ exit: 0 });
        }
        expect(reloadsOf(shop) - before).toBe(5);
      });
      expect(seen).toMatchObject({ failed: 0, mixed: 0, why: {} });
      expect(seen.answered).toBeGreaterThan(100);
    });

    test("the same load catches a restart in its place", async () => {
      const seen = await underLoad(async (shop) => {
        for (let times = 0; times < 5; times++) {
          process.kill(masterOf(shop), "SIGTERM");
          await pause(1500);
        }
      });
      expect(seen.failed).toBeGreaterThan(0);
    });
  },
);
