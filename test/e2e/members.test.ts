import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isAlive } from "../../src/disk/alive.ts";
import { hasSshd, startHosts } from "../hosts.ts";
import { until } from "../processes/program.ts";
import { ask } from "./ask.ts";
import { makeWorld } from "./world.ts";

/** A project that knows some servers; production is on the first of them. */
async function makeGrowing(count: number, on = 1, more: object = {}) {
  const hosts = await startHosts(count);
  const servers = Object.fromEntries(
    hosts.servers.map(({ name, ssh, port, root }) => [name, { ssh, port, root }]),
  );
  const production = { domain: "shop.localhost", servers: Object.keys(servers).slice(0, on) };
  const world = makeWorld({
    "greenroom.json": { project: "shop", servers, environments: { production }, ...more },
    "index.html": "one",
  });
  process.env.GREENROOM_SSH_CONFIG = hosts.config;
  const site = (name: string, path = "") =>
    join(hosts.servers.find((one) => one.name === name)!.root, "sites/shop/production", path);
  const read = (name: string, path: string) =>
    existsSync(site(name, path)) ? readFileSync(site(name, path), "utf8") : null;
  const bound = () =>
    JSON.parse(readFileSync(join(world.project, "greenroom.json"), "utf8")).environments.production.servers;
  return { ...world, hosts, site, read, bound };
}

/** What visitors of a server get: the sides, and who gets which. */
function lookOf(site: string) {
  const buckets = Array.from({ length: 100 }, (_, i) =>
    readlinkSync(join(site, "traffic", String(i).padStart(2, "0"))),
  );
  return {
    live: readlinkSync(join(site, "traffic/live")),
    blue: readlinkSync(join(site, "blue")),
    green: readlinkSync(join(site, "green")),
    buckets,
  };
}

describe.skipIf(!hasSshd)(
  "the servers of an environment (else skipped: needs sshd)",
  { timeout: 120_000 },
  () => {
    test("get one more, which shows what the others show, canary and all, and can go back as they can", async () => {
      const shop = await makeGrowing(3, 2, {
        storage: ["uploads"],
        checks: [{ files: ["index.html"] }],
        config: { "app.json": "app.json.hbs" },
      });
      shop.write({ "app.json.hbs": '{"at":"{{domain}}"}', "uploads/seed.txt": "seed" });
      for (const content of ["one", "two", "three"]) {
        shop.write({ "index.html": content });
        expect(await shop.greenroom("deploy", "production", "--switch")).toMatchObject({ exit: 0 });
      }
      shop.write({ "index.html": "four" });
      await shop.greenroom("deploy", "production");
      await shop.greenroom("canary", "production", "20");
      const colleague = makeWorld({
        "greenroom.json": JSON.parse(readFileSync(join(shop.project, "greenroom.json"), "utf8")),
        "app.json.hbs": "from another working copy",
      });

      const planned = await colleague.greenroom("server", "add-to", "production", "web3", "--dry-run");
      expect(planned, planned.stdout).toMatchObject({ exit: 0 });
      expect(planned.result.plan.at(-1)).toBe("write web3 into greenroom.json");
      expect(existsSync(shop.site("web3"))).toBe(false);
      const added = await colleague.greenroom("server", "add-to", "production", "web3");
      expect(added, added.stdout).toMatchObject({ exit: 0 });
      expect(lookOf(shop.site("web3"))).toEqual(lookOf(shop.site("web1")));
      for (const path of [
        "traffic/live/index.html",
        "traffic/rehearsal/index.html",
        "storage/uploads/seed.txt",
      ]) {
        expect(shop.read("web3", path), path).toBe(shop.read("web1", path));
      }
      expect(shop.read("web3", "traffic/live/app.json")).toBe('{"at":"shop.localhost"}');
      const previews = (name: string) => readdirSync(shop.site(name, "previews")).sort();
      const address = previews("web1").find((name) => /^\w{12}-blue$/.test(name))!;
      expect([previews("web2").includes(address), previews("web3").includes(address)]).toEqual([true, true]);
      expect(shop.read("web3", "log/journal.jsonl")).not.toContain(address.slice(0, 12));
      const file = readFileSync(join(colleague.project, "greenroom.json"), "utf8");
      expect(JSON.parse(file).environments.production.servers).toEqual(["web1", "web2", "web3"]);
      expect(file).toContain('"servers":["web1", "web2", "web3"]');
      const again = await colleague.greenroom("bind", "production", "web3");
      expect(again, again.stdout).toMatchObject({ exit: 0 });

      expect(await colleague.greenroom("canary", "production", "0")).toMatchObject({ exit: 0 });
      for (const content of ["two", "one"]) {
        const back = await colleague.greenroom("rollback", "production");
        expect(back, back.stdout).toMatchObject({ exit: 0 });
        const live = ["web1", "web2", "web3"].map((name) => shop.read(name, "traffic/live/index.html"));
        expect(live).toEqual([content, content, content]);
      }
    });

    test("get one with a rehearsal whose checks haven't run anywhere", async () => {
      const shop = await makeGrowing(2, 1, { checks: [{ files: ["index.html"] }] });
      expect(await shop.greenroom("deploy", "production")).toMatchObject({ exit: 0 });
      shop.write({ "index.html": "two" });
      expect(await shop.greenroom("stage", "production")).toMatchObject({ exit: 0 });
      expect(await shop.greenroom("bind", "production", "web2")).toMatchObject({ exit: 0 });
      expect(lookOf(shop.site("web2"))).toEqual(lookOf(shop.site("web1")));
      expect(shop.read("web2", "traffic/rehearsal/index.html")).toBe("two");
      const { result } = await shop.greenroom("status");
      expect(result.environments[0]).toMatchObject({ differ: [], rehearsal: { checks: "not run" } });
      expect((await shop.greenroom("switch", "production")).exit).not.toBe(0);
      expect(await shop.greenroom("check", "production")).toMatchObject({ exit: 0 });
      expect(await shop.greenroom("switch", "production")).toMatchObject({ exit: 0 });
      expect(shop.read("web2", "traffic/live/index.html")).toBe("two");
    });

    test("get one whose checks fail only once they pass: until then nobody sees anything there", async () => {
      const shop = await makeGrowing(2, 1, {
        checks: [{ task: "fits" }],
        tasks: { fits: { run: 'test ! -e "$GREENROOM_ROOT/unfit"' } },
      });
      await shop.greenroom("deploy", "production");
      const unfit = join(shop.hosts.servers[1]!.root, "unfit");
      await shop.greenroom("bind", "production", "web2", "--dry-run");
      writeFileSync(unfit, "");
      const refused = await shop.greenroom("bind", "production", "web2");
      expect(refused.error, refused.stdout).toMatchObject({
        code: "CHECK_FAILED",
        message: expect.stringMatching(/^web2: /),
      });
      expect(existsSync(shop.site("web2", "traffic"))).toBe(false);
      expect(shop.bound()).toEqual(["web1"]);
      rmSync(unfit);
      expect(await shop.greenroom("bind", "production", "web2")).toMatchObject({ exit: 0 });
      expect(shop.read("web2", "traffic/live/index.html")).toBe("one");
      expect(shop.bound()).toEqual(["web1", "web2"]);
    });

    test("get one whose processes are well before anybody is sent to them, and end there with it", async () => {
      const shop = await makeGrowing(2, 1, {
        serve: { kind: "process", start: { web: "node server.js" }, health: "/" },
      });
      const server = `require("http").createServer((_, answer) => answer.end("pid " + process.pid)).listen(process.env.SOCKET);`;
      shop.write({ "server.js": server });
      const roots = shop.hosts.servers.map(({ root }) => root);
      await shop.up(roots[0]);
      for (let i = 0; i < 2; i++) {
        shop.write({ "page.txt": String(i) });
        const deployed = await shop.greenroom("deploy", "production");
        expect(deployed, deployed.stdout).toMatchObject({ exit: 0 });
      }
      const refused = await shop.greenroom("bind", "production", "web2");
      expect(refused.error).toMatchObject({
        code: "UP_NOT_RUNNING",
        message: expect.stringMatching(/^web2: /),
      });
      expect([existsSync(shop.site("web2", "traffic")), shop.bound()]).toEqual([false, ["web1"]]);
      const up = await shop.up(roots[1]);
      const bound = await shop.greenroom("bind", "production", "web2");
      expect(bound, bound.stdout).toMatchObject({ exit: 0 });
      const { body, status } = await ask(up.port, "shop.localhost");
      expect([status, body]).toEqual([200, expect.stringMatching(/^pid \d+$/)]);
      const pid = Number(body.slice(4));
      expect(isAlive(pid)).toBe(true);
      expect(await shop.greenroom("switch", "production")).toMatchObject({ exit: 0 });
      const { result } = await shop.greenroom("status", "production", "--json");
      expect(result.environments[0].live.release).toMatch(/\.2$/);

      expect(await shop.greenroom("unbind", "production", "web2")).toMatchObject({ exit: 0 });
      await until("its processes have ended", () => !isAlive(pid));
      expect((await ask(up.port, "shop.localhost")).status).toBe(404);
      expect(existsSync(shop.site("web2"))).toBe(false);
    });

    test("lose one, which keeps what was stored there until that is named", async () => {
      const shop = await makeGrowing(2, 2, { storage: ["uploads"] });
      await shop.greenroom("deploy", "production");
      writeFileSync(shop.site("web2", "storage/uploads/photo.txt"), "a photo");
      const unsure = await shop.greenroom("unbind", "production", "web2", "--delete-storage", "prod");
      expect(unsure.error).toMatchObject({ code: "USAGE" });
      const removed = await shop.greenroom("server", "remove-from", "production", "web2");
      expect(removed, removed.stdout).toMatchObject({
        exit: 0,
        result: { servers: ["web1"], storage: shop.site("web2", "storage") },
      });
      expect(shop.bound()).toEqual(["web1"]);
      expect(existsSync(shop.site("web2", "releases"))).toBe(false);
      expect(shop.read("web2", "storage/uploads/photo.txt")).toBe("a photo");
      expect((await shop.greenroom("server", "remove-from", "production", "web1")).error).toMatchObject({
        code: "ENVIRONMENT_LIVE",
        hint: "if it is to be on none: greenroom unbind production web1",
      });

      const back = await shop.greenroom("bind", "production", "web2");
      expect(back, back.stdout).toMatchObject({
        exit: 0,
        result: { storage: shop.site("web2", "storage") },
      });
      expect(shop.read("web2", "traffic/live/uploads/photo.txt")).toBe("a photo");
      expect(
        await shop.greenroom("unbind", "production", "web2", "--delete-storage", "production"),
      ).toMatchObject({ exit: 0, result: { storage: null } });
      expect(existsSync(shop.site("web2"))).toBe(false);
      // Given again, as after it had died halfway.
      expect(await shop.greenroom("unbind", "production", "web2")).toMatchObject({ exit: 0 });
    });

    test("get one with what is stored on another, before anything runs there", async () => {
      const shop = await makeGrowing(2, 1, {
        storage: ["uploads", "notes.txt"],
        serve: { kind: "process", start: { web: "node server.js" }, health: "/" },
      });
      const server = `const seen = require("fs").readFileSync("uploads/a/photo.txt", "utf8");
        require("http").createServer((_, answer) => answer.end(seen)).listen(process.env.SOCKET);`;
      shop.write({ "server.js": server, "uploads/a/photo.txt": "seed" });
      const [first, second] = shop.hosts.servers;
      await shop.up(first!.root);
      const up = await shop.up(second!.root);
      await shop.greenroom("deploy", "production");
      writeFileSync(shop.site("web1", "storage/uploads/a/photo.txt"), "a photo");
      rmSync(shop.site("web1", "storage/notes.txt"), { recursive: true });
      writeFileSync(shop.site("web1", "storage/notes.txt"), "notes");
      expect(
        (await shop.greenroom("bind", "production", "web2", "--storage-from", "web2")).error,
      ).toMatchObject({
        code: "USAGE",
        hint: "name one of: web1",
      });
      const bound = await shop.greenroom("bind", "production", "web2", "--storage-from", "web1");
      expect(bound, bound.stdout).toMatchObject({ exit: 0 });
      expect((await ask(up.port, "shop.localhost")).body).toBe("a photo");
      expect(shop.read("web2", "storage/notes.txt")).toBe("notes");
      writeFileSync(shop.site("web2", "storage/notes.txt"), "its own by now");
      const again = await shop.greenroom("server", "add-to", "production", "web2", "--storage-from", "web1");
      expect(again, again.stdout).toMatchObject({ exit: 0 });
      expect(JSON.stringify(again.events)).toContain("storage isn't copied");
      expect(shop.read("web2", "storage/notes.txt")).toBe("its own by now");
    });

    test("may be this very machine, and several at once", async () => {
      const shop = await makeGrowing(3, 1);
      await shop.greenroom("deploy", "production");
      const colleague = makeWorld({
        "greenroom.json": JSON.parse(readFileSync(join(shop.project, "greenroom.json"), "utf8")),
      });
      const all = await Promise.all(
        ["web2", "web3"].map((name) => shop.greenroom("bind", "production", name)),
      );
      expect(all.map(({ exit }) => exit)).toEqual([0, 0]);
      expect(shop.bound().sort()).toEqual(["web1", "web2", "web3"]);
      const here = await colleague.greenroom("bind", "production", "local");
      expect(here, here.stdout).toMatchObject({ exit: 0 });
      const live = join(colleague.root, "sites/shop/production/traffic/live/index.html");
      expect(readFileSync(live, "utf8")).toBe("one");
    });

    test("may be none at last, and others after that", async () => {
      const shop = await makeGrowing(2, 1, { storage: ["uploads"] });
      await shop.greenroom("deploy", "production");
      writeFileSync(shop.site("web1", "storage/uploads/photo.txt"), "a photo");
      expect((await shop.greenroom("unbind", "production", "web1")).error).toMatchObject({
        code: "ENVIRONMENT_LIVE",
        hint: "if it is to go: greenroom unbind production web1 --force",
      });
      expect(await shop.greenroom("unbind", "production", "web1", "--force")).toMatchObject({ exit: 0 });
      expect(shop.bound()).toEqual([]);
      expect((await shop.greenroom("deploy", "production")).error).toMatchObject({
        code: "ENVIRONMENT_UNBOUND",
        hint: "greenroom bind production SERVER",
      });
      const bound = await shop.greenroom("bind", "production", "web2");
      expect(bound, bound.stdout).toMatchObject({ exit: 0, result: { release: null } });
      expect(await shop.greenroom("deploy", "production")).toMatchObject({ exit: 0, result: { live: true } });
      expect(shop.read("web2", "traffic/live/index.html")).toBe("one");
    });

    test("lose one that is gone for good without asking it", async () => {
      const shop = await makeGrowing(2, 2);
      await shop.greenroom("deploy", "production");
      await shop.hosts.stop("web2");
      expect((await shop.greenroom("unbind", "production", "web2")).error).toMatchObject({
        code: "SERVER_UNREACHABLE",
      });
      expect(await shop.greenroom("unbind", "production", "web2", "--gone")).toMatchObject({ exit: 0 });
      shop.write({ "index.html": "two" });
      expect(await shop.greenroom("deploy", "production", "--switch")).toMatchObject({ exit: 0 });
      expect(shop.read("web1", "traffic/live/index.html")).toBe("two");
    });

    test("take one back that was given up as gone, whatever its visitors saw meanwhile", async () => {
      const shop = await makeGrowing(2, 2, { storage: ["uploads"] });
      await shop.greenroom("deploy", "production");
      writeFileSync(shop.site("web2", "storage/uploads/photo.txt"), "a photo");
      await shop.greenroom("unbind", "production", "web2", "--gone");
      for (const content of ["two", "three"]) {
        shop.write({ "index.html": content });
        await shop.greenroom("deploy", "production", "--switch");
      }
      expect([shop.bound(), shop.read("web2", "traffic/live/index.html")]).toEqual([["web1"], "one"]);
      const bound = await shop.greenroom("bind", "production", "web2");
      expect(bound, bound.stdout).toMatchObject({ exit: 0 });
      expect([shop.bound(), shop.read("web2", "traffic/live/index.html")]).toEqual([
        ["web1", "web2"],
        "three",
      ]);
      expect(shop.read("web2", "traffic/live/uploads/photo.txt")).toBe("a photo");
    });
  },
);
