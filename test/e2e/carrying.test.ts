import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasSshd } from "../hosts.ts";
import { makeFleet } from "./fleet.ts";
import { makeWorld } from "./world.ts";

const PROJECT = {
  project: "shop",
  storage: ["uploads"],
  environments: { production: { domain: "shop.localhost" } },
};

test("pull and push of an environment on this machine", async () => {
  const shop = makeWorld({ "greenroom.json": PROJECT, "index.html": "one", "uploads/first.txt": "first" });
  expect((await shop.greenroom("pull", "production", "uploads", join(shop.dir, "got"))).error).toMatchObject({
    code: "ENVIRONMENT_MISSING",
    hint: "greenroom stage production",
  });
  await shop.greenroom("deploy", "production");
  const folder = join(shop.dir, "got");
  const pulled = await shop.plain("pull", "production", "uploads/", folder);
  expect([pulled.exit, pulled.stdout]).toEqual([0, "local: 1 file (5 B) carried by stream\n"]);
  expect(readFileSync(join(folder, "first.txt"), "utf8")).toBe("first");
  writeFileSync(join(folder, "\u001b[2Jsecond.txt"), "second");
  const planned = await shop.plain("push", "production", folder, "uploads", "--dry-run");
  expect(planned.stdout).toContain("would be carried by stream\n  \\u001b[2Jsecond.txt");
  expect(await shop.greenroom("push", "production", folder, "uploads")).toMatchObject({
    exit: 0,
    result: { servers: [{ server: "local", sent: [{ bytes: 6 }], removed: [] }] },
  });
  const nowhere = await shop.greenroom("push", "production", join(shop.dir, "nowhere"), "uploads");
  expect(nowhere.error).toMatchObject({ code: "SOURCE_MISSING" });
});

describe.skipIf(!hasSshd)("carrying of storage (else skipped: needs sshd)", { timeout: 120_000 }, () => {
  test("is from the first server, and to all of them, unless one is named", async () => {
    const shop = await makeFleet(2, { storage: ["uploads"] });
    await shop.greenroom("deploy", "production");
    const uploads = shop.at("storage/uploads");
    const folder = join(shop.dir, "mine");
    mkdirSync(folder);
    writeFileSync(join(folder, "a.txt"), "a");
    const pushed = await shop.greenroom("push", "production", folder, "uploads");
    expect(pushed.result.servers.map(({ server }: { server: string }) => server)).toEqual(["web1", "web2"]);
    expect(uploads.map((path) => readFileSync(join(path, "a.txt"), "utf8"))).toEqual(["a", "a"]);
    writeFileSync(join(uploads[1]!, "b.txt"), "b");
    const got = join(shop.dir, "got");
    await shop.greenroom("pull", "production", "uploads", got);
    expect(existsSync(join(got, "b.txt"))).toBe(false);
    await shop.greenroom("pull", "production", "uploads", got, "--server", "web2");
    expect(existsSync(join(got, "b.txt"))).toBe(true);
  });

  test("is an operation for a key that may call nothing else", async () => {
    const shop = await makeFleet(1, { storage: ["uploads"] });
    await shop.greenroom("deploy", "production");
    const key = join(shop.dir, "deploy");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    await shop.greenroom("server", "restrict", "web1", "--key", `${key}.pub`, "--yes");
    const config = `${shop.hosts.config}.restricted`;
    const own = readFileSync(shop.hosts.config, "utf8").replace(/IdentityFile .*/, `IdentityFile ${key}`);
    writeFileSync(config, own);
    process.env.GREENROOM_SSH_CONFIG = config;
    const folder = join(shop.dir, "mine");
    mkdirSync(folder);
    writeFileSync(join(folder, "a.txt"), "a");
    const pushed = await shop.greenroom("push", "production", folder, "uploads");
    expect(pushed, pushed.stdout).toMatchObject({ exit: 0, result: { servers: [{ by: "stream" }] } });
    expect(readFileSync(join(shop.at("storage/uploads")[0]!, "a.txt"), "utf8")).toBe("a");
  });
});
