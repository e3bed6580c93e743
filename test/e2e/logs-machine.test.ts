import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { lacksMounts } from "../faults/harness/mounts.ts";
import { freePort, hasNginx } from "../serving/logs/world.ts";
import { makeWorld } from "./world.ts";

const lacking = lacksMounts() ?? (hasNginx && existsSync("/etc/nginx/conf.d") ? null : "nginx is missing");

test.skipIf(lacking)(
  `logs that the machine's nginx writes are rotated under load, and no line is lost (skipped if: ${lacking ?? "nothing"})`,
  { timeout: 120_000 },
  async () => {
    const shop = makeWorld({
      "greenroom.json": { project: "shop", environments: { production: { domain: "shop.localhost" } } },
      "index.html": "one",
    });
    const words = [resolve("dist/greenroom.mjs"), shop.project, shop.root, String(await freePort())];
    const child = spawn("unshare", ["--mount", "sh", "test/e2e/machines-nginx.sh", ...words], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [said, trouble] = ["", ""];
    child.stdout.on("data", (chunk) => (said += chunk));
    child.stderr.on("data", (chunk) => (trouble += chunk));
    const [exit] = await once(child, "close");
    expect(exit, trouble).toBe(0);
    const [seen, lines, ...modes] = said.trim().split("\n");
    const { answered, failed } = JSON.parse(seen!) as { answered: number; failed: number };
    expect([failed, Number(lines)]).toEqual([0, answered]);
    expect(modes).toEqual(["640"]);
  },
);
