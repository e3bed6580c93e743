import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { until } from "../processes/program.ts";
import { makeWorld, type World } from "./world.ts";

const SITE = {
  "greenroom.json": { project: "shop", environments: { production: { domain: "shop.localhost" } } },
  "index.html": "<h1>Shop 0</h1>",
};

test("whoever is overtaken between staging and checking switches to nothing else than what they staged", async () => {
  const shop = makeWorld(SITE);
  await shop.greenroom("deploy", "production", "--version", "0");
  const mine = deployHeld(shop, "1");
  await until("my release is staged", mine.waits);
  shop.write({ "index.html": "<h1>Shop 2</h1>" });
  const theirs = await shop.greenroom("deploy", "production", "--version", "2", "--switch");
  expect(theirs).toMatchObject({ exit: 0, result: { release: "2", live: true } });
  mine.goOn();
  expect(await mine.exit).toBe(13);
  const { result } = await shop.greenroom("status", "production");
  expect(result.environments[0].live.release).toBe("2");
});

/** Deploys and switches, by a `flock` that waits once the release is staged, and then goes on as told. */
function deployHeld(shop: World, version: string) {
  const programs = join(shop.dir, "programs");
  const [waiting, go] = [join(shop.dir, "waiting"), join(shop.dir, "go")];
  const journal = join(shop.root, "sites/shop/production/log/journal.jsonl");
  const before = countEnds(journal);
  const flock = execFileSync("sh", ["-c", "command -v flock"], { encoding: "utf8" }).trim();
  mkdirSync(programs);
  writeFileSync(
    join(programs, "flock"),
    `#!/bin/sh
if [ "$(grep -c '"event":"end"' ${journal})" -gt ${before} ]; then
  touch ${waiting}
  until [ -e ${go} ]; do sleep 0.02; done
fi
exec ${flock} "$@"
`,
    { mode: 0o755 },
  );
  const argv = ["--project", shop.project, "--root", shop.root, "--version", version, "--switch"];
  const child = spawn(process.execPath, [resolve("dist/greenroom.mjs"), "deploy", "production", ...argv], {
    env: { ...process.env, PATH: `${programs}:${process.env.PATH}` },
    stdio: "ignore",
  });
  return {
    waits: () => existsSync(waiting),
    goOn: () => writeFileSync(go, ""),
    exit: once(child, "exit").then(([code]) => code as number),
  };
}

function countEnds(journal: string): number {
  return readFileSync(journal, "utf8").split('"event":"end"').length - 1;
}
