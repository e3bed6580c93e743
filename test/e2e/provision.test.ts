import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasRsync } from "../../src/servers/storage/rooms.ts";
import { lacksDebian } from "../debian/archive.ts";
import { type Debian, differences, startDebian } from "../debian/machine.ts";
import { makeKey } from "../hosts.ts";
import { until } from "../processes/program.ts";
import { makeWorld, type World } from "./world.ts";

const lacks = lacksDebian();

const APP = {
  "app.cjs": `require("node:http").createServer((q, a) => a.end("app " + process.getuid())).listen(process.env.SOCKET)`,
};
const STORAGE = ["uploads"];
const PROCESS = { kind: "process", start: { web: "exec node app.cjs" } };

/** One that isn't waited for. */
function start({ project, root }: World, ...argv: string[]) {
  const places = ["--json", "--project", project, "--root", root];
  const child = spawn(process.execPath, ["dist/greenroom.mjs", ...argv, ...places]);
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (more: string) => {
    text += more;
  });
  const ended = once(child, "close").then(([exit]) => exit as number | null);
  return { child, ended, says: (words: string) => until(words, () => text.includes(words), 300_000) };
}

/** A project whose production is on it, entered as `user`. */
function makeProject(debian: Debian, user: string, more: object = {}) {
  const world = makeWorld({ "index.html": "one" });
  process.env.GREENROOM_SSH_CONFIG = debian.config;
  const configure = (changed: object) =>
    world.write({
      "greenroom.json": {
        project: "shop",
        servers: { web1: { ssh: `${user}@${debian.address}` } },
        environments: { production: { domain: "shop.example", servers: ["web1"] } },
        ...changed,
      },
    });
  configure(more);
  return { ...world, configure, uploads: join(world.dir, "uploads") };
}

/** Who carries storage where both machines have it. */
const carrier = () => (hasRsync() ? "rsync" : "stream");

const LOGS_IN = `useradd -m -s /bin/sh deploy
cp -r /root/.ssh /home/deploy/ && chown -R deploy: /home/deploy/.ssh`;

const MAY = `echo 'Defaults use_pty
deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy`;

describe.skipIf(lacks)(`a bare Debian (else skipped: ${lacks})`, { timeout: 900_000 }, () => {
  test("is made ready, serves a site, and has nothing to be done the second time", async () => {
    const debian = await startDebian();
    const shop = makeProject(debian, "root");
    const before = debian.snapshot();
    const dry = await shop.greenroom("provision", "web1", "--dry-run");
    expect(dry, dry.stdout).toMatchObject({ exit: 0 });
    const names = dry.result.steps.map((step: { do: string }) => step.do);
    expect(names).toEqual(["lists", "install", "folder", "node", "link", "send", "send", "setup", "up"]);
    expect(dry.result.steps[1]).toMatchObject({ packages: ["nginx", "rsync", "supervisor"] });
    expect(dry.result.steps[1].along).toContain("nginx-common");
    expect(differences(before, debian.snapshot())).toEqual([]);

    const done = await shop.greenroom("provision", "web1");
    expect(done, done.stdout).toMatchObject({ exit: 0 });
    const deployed = await shop.greenroom("deploy", "production");
    expect(deployed, deployed.stdout).toMatchObject({ exit: 0, result: { live: true } });
    expect((await debian.ask("shop.example")).body).toBe("one");

    const after = debian.snapshot();
    expect(differences(before, after)).not.toEqual([]);
    const again = await shop.plain("provision", "web1");
    expect(again).toMatchObject({ exit: 0, stdout: "web1 has all that it needs; nothing was changed\n" });
    expect(differences(after, debian.snapshot())).toEqual([]);

    const up = () => debian.sh("grep -o '\"pid\": *[0-9]*' /srv/greenroom/up.json || true").match(/\d+/)?.[0];
    const killed = up()!;
    debian.sh(`kill -9 ${killed}`);
    await until("greenroom up runs again", () => up() && up() !== killed);

    const unusable = await shop.greenroom("provision", "web1", "--listen", "nonsense");
    expect(unusable.error).toMatchObject({ code: "USAGE" });
    const elsewhere = await shop.greenroom("provision", "web1", "--listen", "192.0.2.1:80");
    expect(elsewhere.error?.detail?.join("\n")).toContain("this machine has no address 192.0.2.1");
    expect(await shop.greenroom("provision", "web1")).toMatchObject({ exit: 0, result: { steps: [] } });

    shop.configure({ serve: PROCESS });
    shop.write(APP);
    const changed = await shop.greenroom("provision", "web1");
    const kinds = changed.result?.steps.map((step: { do: string }) => step.do);
    expect(kinds, changed.stdout).toEqual(["setup", "up"]);
    expect((await debian.ask("shop.example")).body).toBe("one");
    const switched = await shop.greenroom("deploy", "production", "--switch");
    expect(switched, switched.stdout).toMatchObject({ exit: 0, result: { live: true } });
    expect((await debian.ask("shop.example")).body).toMatch(/^app [1-9]\d*$/);
  });

  test("goes on where a step failed, as an account that may use sudo", async () => {
    const debian = await startDebian();
    const shop = makeProject(debian, "deploy", { serve: PROCESS, storage: STORAGE });
    shop.write(APP);
    debian.sh(LOGS_IN);
    const barred = await shop.greenroom("provision", "web1");
    expect(barred.error).toMatchObject({ code: "SERVER_UNFIT", message: expect.stringContaining("deploy") });
    debian.sh(MAY);

    shop.configure({ serve: PROCESS, storage: STORAGE, provision: { packages: ["no-such-package"] } });
    const failed = await shop.greenroom("provision", "web1");
    expect(failed.error).toMatchObject({
      code: "PROVISION_FAILED",
      message: expect.stringContaining("no-such-package"),
      hint: expect.stringContaining("greenroom provision web1"),
    });
    expect(failed.error?.detail?.join("\n")).toContain("Unable to locate package no-such-package");

    const run = ['echo "$GREENROOM_SERVER" >>/etc/told', "ls /etc/mended"];
    shop.configure({ serve: PROCESS, storage: STORAGE, provision: { packages: ["tree"], run } });
    const unmended = await shop.greenroom("provision", "web1");
    expect(unmended.error, unmended.stdout).toMatchObject({
      message: "web1 could not run as root: ls /etc/mended",
    });
    expect(unmended.error?.detail?.join("\n")).toContain("No such file");
    debian.sh("touch /etc/mended");
    const mended = await shop.greenroom("provision", "web1");
    expect(mended, mended.stdout).toMatchObject({
      exit: 0,
      result: { steps: [{ do: "run", line: run[1] }] },
    });
    expect(debian.sh("cat /etc/told; command -v tree")).toBe("web1\n/usr/bin/tree\n");

    const deployed = await shop.greenroom("deploy", "production");
    expect(deployed, deployed.stdout).toMatchObject({ exit: 0, result: { live: true } });
    const own = debian.sh("id -u gr_shop_production").trim();
    expect((await debian.ask("shop.example")).body).toBe(`app ${own}`);
    expect(await shop.greenroom("provision", "web1")).toMatchObject({ exit: 0, result: { steps: [] } });

    shop.configure({ serve: PROCESS, storage: STORAGE, provision: { packages: ["tree", "less"], run } });
    const held = await debian.hold("/var/lib/dpkg/lock-frontend");
    const waiting = start(shop, "provision", "web1");
    await waiting.says("waiting for apt");
    held.letGo();
    expect(await waiting.ended).toBe(0);
    expect(debian.sh("command -v less")).toBe("/usr/bin/less\n");

    const bring = () => shop.greenroom("push", "production", shop.uploads, "uploads");
    mkdirSync(shop.uploads);
    writeFileSync(join(shop.uploads, "a.png"), "a");
    const brought = await bring();
    expect(brought, brought.stdout).toMatchObject({ exit: 0, result: { servers: [{ by: carrier() }] } });
    const uploads = "/srv/greenroom/sites/shop/production/storage/uploads";
    expect(debian.sh(`cat ${uploads}/a.png`)).toBe("a");

    const key = join(shop.dir, "restricted");
    makeKey(key);
    const restricted = await shop.greenroom("server", "restrict", "web1", "--key", `${key}.pub`, "--yes");
    expect(restricted, restricted.stdout).toMatchObject({ exit: 0 });
    const config = readFileSync(debian.config, "utf8").replace(/IdentityFile .*/, `IdentityFile ${key}`);
    writeFileSync(`${key}.config`, config);
    process.env.GREENROOM_SSH_CONFIG = `${key}.config`;
    expect(await shop.greenroom("stage", "production")).toMatchObject({ exit: 0 });
    writeFileSync(join(shop.uploads, "b.png"), "b");
    expect(await bring()).toMatchObject({ exit: 0, result: { servers: [{ by: "stream" }] } });
    expect(debian.sh(`cat ${uploads}/b.png`)).toBe("b");
    expect((await shop.greenroom("provision", "web1")).error).toMatchObject({ code: "SERVER_REFUSED" });
  });

  test("is alone with who makes it ready, and goes on where that one was killed", async () => {
    const debian = await startDebian();
    const shop = makeProject(debian, "root");
    const first = start(shop, "provision", "web1");
    await first.says("install nginx");
    expect((await shop.greenroom("provision", "web1")).error).toMatchObject({ code: "LOCKED" });
    await until("packages are unpacked", () => debian.sh("ls /var/lib/dpkg/info").includes("nginx-common"));
    first.child.kill("SIGKILL");
    await first.ended;
    expect(debian.sh("ls /srv")).toBe("");
    const second = await shop.greenroom("provision", "web1");
    expect(second, second.stdout).toMatchObject({ exit: 0 });
    expect(await shop.greenroom("deploy", "production")).toMatchObject({ exit: 0, result: { live: true } });
    expect((await debian.ask("shop.example")).body).toBe("one");
  });

  test("with systemd gets the account that deploys, PHP, and a firewall", async () => {
    const debian = await startDebian("trixie");
    const shop = makeProject(debian, "deploy", { serve: { kind: "php" } });
    shop.write({ "public/index.php": '<?php echo "php ", PHP_MAJOR_VERSION;' });
    const done = await shop.greenroom("provision", "web1", "--as", "root", "--firewall");
    expect(done, done.stdout).toMatchObject({ exit: 0 });
    const deployed = await shop.greenroom("deploy", "production");
    expect(deployed, deployed.stdout).toMatchObject({ exit: 0, result: { live: true } });
    expect((await debian.ask("shop.example")).body).toBe("php 8");
    const rules = debian.sh("ufw status");
    expect(rules).toContain("Status: active");
    expect(rules).toMatch(/^22\/tcp +ALLOW/m);
    expect(rules).toMatch(/^80\/tcp +ALLOW/m);
    expect(debian.sh("systemctl is-enabled greenroom; systemctl is-active greenroom")).toBe(
      "enabled\nactive\n",
    );
    expect(debian.sh("command -v node")).toBe("/usr/bin/node\n");
    const again = await shop.greenroom("provision", "web1", "--firewall");
    expect(again, again.stdout).toMatchObject({ exit: 0, result: { steps: [] } });
  });
});
