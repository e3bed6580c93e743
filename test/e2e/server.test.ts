import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasSshd, startHosts } from "../hosts.ts";
import { makeWorld } from "./world.ts";

/** A project whose production is on a server that is reached by SSH. */
async function makeRemoteWorld(trusted = true) {
  const hosts = await startHosts(1, { trusted });
  const { name, ssh, port, root } = hosts.servers[0]!;
  const world = makeWorld({
    "greenroom.json": {
      project: "shop",
      servers: { [name]: { ssh, port, root } },
      environments: { production: { domain: "shop.localhost", servers: [name] } },
    },
    "index.html": "one",
    "style.css": "css",
  });
  process.env.GREENROOM_SSH_CONFIG = hosts.config;
  return { ...world, hosts, there: root };
}

describe.skipIf(!hasSshd)(
  "an environment on a server (else skipped: needs sshd)",
  { timeout: 60_000 },
  () => {
    test("is deployed, looked at, switched and rolled back from the user's machine", async () => {
      const shop = await makeRemoteWorld();
      const live = () =>
        readFileSync(join(shop.there, "sites/shop/production/traffic/live/index.html"), "utf8");
      const first = await shop.greenroom("deploy", "production");
      expect(first, first.stdout).toMatchObject({ exit: 0, result: { live: true } });
      expect(live()).toBe("one");

      shop.write({ "index.html": "two" });
      expect(await shop.greenroom("deploy", "production")).toMatchObject({
        exit: 0,
        result: { live: false },
      });
      expect(live()).toBe("one");
      expect(await shop.greenroom("switch", "production", "--dry-run")).toMatchObject({ exit: 0 });
      expect(live()).toBe("one");
      expect(await shop.greenroom("switch", "production")).toMatchObject({ exit: 0 });
      expect(live()).toBe("two");
      const { result } = await shop.greenroom("status");
      expect(result.environments[0]).toMatchObject({
        name: "production",
        live: { release: expect.stringMatching(/\.2$/) },
      });
      expect(await shop.greenroom("rollback", "production")).toMatchObject({ exit: 0 });
      expect(live()).toBe("one");
      expect(await shop.greenroom("verify", "production")).toMatchObject({ exit: 0 });
    });

    test("gives one content one name, whoever's machine it comes from, and another content another", async () => {
      const shop = await makeRemoteWorld();
      const first = await shop.greenroom("deploy", "production");
      const elsewhere = makeWorld({
        "greenroom.json": JSON.parse(readFileSync(join(shop.project, "greenroom.json"), "utf8")),
        "index.html": "one",
        "style.css": "css",
      });
      const again = await elsewhere.greenroom("deploy", "production");
      expect(again.result).toMatchObject({ release: first.result.release, changed: false });
      elsewhere.write({ "index.html": "other" });
      const other = await elsewhere.greenroom("stage", "production");
      expect(other.result.release).not.toBe(first.result.release);
      shop.write({ "index.html": "third" });
      const third = await shop.greenroom("stage", "production");
      expect([first, other]).not.toContain(third.result.release);
      expect(third.exit).toBe(0);
    });

    test("takes files laid over what is live there, also from a machine that has never seen it", async () => {
      const shop = await makeRemoteWorld();
      const patch = join(shop.dir, "patch");
      mkdirSync(patch);
      writeFileSync(join(patch, "index.html"), "patched");
      const merge = ["deploy", "production", "--from", patch, "--merge", "--switch"];
      expect((await shop.greenroom(...merge)).error).toMatchObject({
        code: "NOTHING_LIVE",
        hint: "greenroom deploy production",
      });
      await shop.greenroom("deploy", "production");
      const colleague = makeWorld({
        "greenroom.json": JSON.parse(readFileSync(join(shop.project, "greenroom.json"), "utf8")),
      });
      const merged = await colleague.greenroom(...merge);
      expect(merged, merged.stdout).toMatchObject({ exit: 0, result: { live: true } });
      const live = join(shop.there, "sites/shop/production/traffic/live");
      expect(readFileSync(join(live, "index.html"), "utf8")).toBe("patched");
      expect(readFileSync(join(live, "style.css"), "utf8")).toBe("css");
      for (const world of [shop, colleague]) {
        expect(await world.greenroom("releases", "production")).toMatchObject({
          exit: 0,
          result: {
            releases: [
              { version: merged.result.release, marks: ["live"], onDisk: true },
              { marks: ["rehearsal"], onDisk: true },
            ],
          },
        });
      }
    });

    test("is staged anew where nothing but its configuration has changed", async () => {
      const shop = await makeRemoteWorld();
      const first = await shop.greenroom("deploy", "production");
      const file = JSON.parse(readFileSync(join(shop.project, "greenroom.json"), "utf8"));
      shop.write({ "greenroom.json": { ...file, env: { MODE: "new" } } });
      const second = await shop.greenroom("deploy", "production");
      expect(second, second.stdout).toMatchObject({ exit: 0, result: { changed: true } });
      expect(second.result.release).not.toBe(first.result.release);
    });

    test("is pruned together with what deployments have left on this machine", async () => {
      const shop = await makeRemoteWorld();
      for (const text of ["one", "two", "three"]) {
        shop.write({ "index.html": text });
        expect(await shop.greenroom("deploy", "production", "--switch")).toMatchObject({ exit: 0 });
      }
      const foreseen = await shop.greenroom("prune", "production", "--dry-run");
      const pruned = await shop.greenroom("prune", "production");
      expect(pruned).toMatchObject({ exit: 0, result: { here: { dropped: { length: 2 }, objects: 2 } } });
      expect(pruned.result.here).toEqual(foreseen.result.here);
      shop.write({ "index.html": "four" });
      expect(await shop.greenroom("deploy", "production", "--switch")).toMatchObject({ exit: 0 });
      expect(await shop.greenroom("rollback", "production")).toMatchObject({ exit: 0 });
      const live = join(shop.there, "sites/shop/production/traffic/live/index.html");
      expect(readFileSync(live, "utf8")).toBe("three");
    });

    test("can be restricted for a key, which then calls operations and nothing else", async () => {
      const shop = await makeRemoteWorld();
      const { name, ssh, port } = shop.hosts.servers[0]!;
      const key = join(shop.root, "../deploy");
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
      const asked = await shop.greenroom("server", "restrict", name, "--key", `${key}.pub`);
      expect(asked).toMatchObject({ exit: 0, result: { written: false } });
      expect(await shop.greenroom("server", "restrict", name, "--key", `${key}.pub`, "--yes")).toMatchObject({
        exit: 0,
        result: { written: true, line: asked.result.line },
      });

      const config = `${shop.hosts.config}.restricted`;
      const own = readFileSync(shop.hosts.config, "utf8").replace(/IdentityFile .*/, `IdentityFile ${key}`);
      writeFileSync(config, own);
      const shell = (...words: string[]) =>
        spawnSync("ssh", ["-F", config, "-p", String(port), "-T", ssh, ...words], {
          encoding: "utf8",
          input: "",
        });
      const pwned = join(shop.there, "pwned");
      for (const words of [[`touch ${pwned}`], ["sh", "-c", `touch ${pwned}`], [], [`$(touch ${pwned})`]]) {
        expect(shell(...words).stdout).toMatch(/^\{"hello"/);
      }
      expect(spawnSync("scp", ["-F", config, "-P", String(port), config, `${ssh}:${pwned}`]).status).not.toBe(
        0,
      );
      expect(existsSync(pwned)).toBe(false);
      process.env.GREENROOM_SSH_CONFIG = config;
      expect(await shop.greenroom("deploy", "production")).toMatchObject({ exit: 0, result: { live: true } });
      const file = JSON.parse(readFileSync(join(shop.project, "greenroom.json"), "utf8"));
      const elsewhere = { ...file.servers[name], root: `${shop.there}-other` };
      shop.write({ "greenroom.json": { ...file, servers: { [name]: elsewhere } } });
      expect(await shop.greenroom("deploy", "production")).toMatchObject({
        error: { code: "CALL_REFUSED", message: expect.stringContaining(`into ${shop.there}, and not`) },
      });
      if (process.getuid?.() !== 0) return;
      // By what a site runs it would get further.
      const serve = { kind: "process", start: { web: `touch ${pwned}; sleep 60` } };
      for (const user of ["root", "nobody", "gr_other_production"]) {
        shop.write({ "greenroom.json": { ...file, serve: { ...serve, user } } });
        expect(await shop.greenroom("deploy", "production")).toMatchObject({
          error: { code: "CALL_REFUSED" },
        });
      }
      // Nobody else gets at this root, so it would be root.
      shop.write({ "greenroom.json": { ...file, serve } });
      expect(await shop.greenroom("deploy", "production")).toMatchObject({ error: { code: "CALL_REFUSED" } });
      const tasks = { look: { run: `touch ${pwned}` } };
      shop.write({ "greenroom.json": { ...file, tasks, checks: [{ task: "look" }] } });
      expect(await shop.greenroom("deploy", "production")).toMatchObject({ error: { code: "CALL_REFUSED" } });
      expect(existsSync(pwned)).toBe(false);
    });

    test("isn't touched before its host key is trusted", async () => {
      const shop = await makeRemoteWorld(false);
      const refused = await shop.greenroom("deploy", "production");
      expect(refused.error).toMatchObject({ code: "HOST_KEY_UNKNOWN", hint: "greenroom server trust web1" });
      const unasked = await shop.greenroom("server", "trust", "web1");
      expect(unasked.error).toMatchObject({
        code: "HOST_KEY_UNKNOWN",
        message: expect.stringContaining("SHA256:"),
      });
      expect(await shop.greenroom("server", "trust", "web1", "--yes")).toMatchObject({
        exit: 0,
        result: { trusted: true },
      });
      expect(await shop.greenroom("deploy", "production")).toMatchObject({ exit: 0 });
    });

    test("that shows another host key is told from a new one, and from one that greenroom.json pins", async () => {
      const shop = await makeRemoteWorld(false);
      const trust = (...more: string[]) => shop.greenroom("server", "trust", "web1", ...more);
      const fresh = await trust("--yes");
      expect(fresh.result).toMatchObject({ trusted: true, replaced: null });
      await shop.hosts.impersonate("web1");
      const refused = await shop.greenroom("deploy", "production");
      expect(refused.error).toMatchObject({ code: "HOST_KEY_CHANGED" });
      expect(JSON.stringify(refused.error)).not.toContain("\\r");

      const other = await trust();
      expect(other.error).toMatchObject({
        code: "HOST_KEY_CHANGED",
        message: expect.stringMatching(/SHA256:.*; until now SHA256:.* was trusted/),
      });
      expect(other.error?.message).toContain(fresh.result.fingerprint);

      const file = JSON.parse(readFileSync(join(shop.project, "greenroom.json"), "utf8"));
      const pin = (hostKey: string) => {
        const web1 = { ...file.servers.web1, hostKey };
        shop.write({ "greenroom.json": { ...file, servers: { web1 } } });
      };
      pin(fresh.result.key);
      const known = () => readFileSync(fresh.result.known, "utf8");
      const before = known();
      expect((await trust("--yes")).error).toMatchObject({
        code: "HOST_KEY_CHANGED",
        message: expect.stringContaining(`greenroom.json pins ${fresh.result.fingerprint}`),
        hint: expect.stringContaining('change "hostKey" of web1 in greenroom.json'),
      });
      expect(known()).toBe(before);

      shop.write({ "greenroom.json": file });
      const replaced = await trust("--yes");
      expect(replaced.result).toMatchObject({ trusted: true, replaced: fresh.result.fingerprint });
      expect(known()).toContain(replaced.result.key);
      expect(known()).not.toContain(fresh.result.key);
      expect(await trust("--yes")).toMatchObject({ exit: 0, result: { trusted: true, replaced: null } });
      expect(known().split(replaced.result.key)).toHaveLength(2);
      pin(replaced.result.key);
      expect(await trust("--yes")).toMatchObject({ exit: 0 });
      expect(await shop.greenroom("deploy", "production")).toMatchObject({ exit: 0 });
    });
  },
);
