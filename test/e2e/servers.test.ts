import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { hasSshd } from "../hosts.ts";
import { until } from "../processes/program.ts";
import { makeFleet } from "./fleet.ts";
import { makeWorld } from "./world.ts";

/** A project whose production is on three servers. */
async function makeThree() {
  const fleet = await makeFleet(3);
  const live = () =>
    fleet.at("traffic/live/index.html").map((path) => (existsSync(path) ? readFileSync(path, "utf8") : null));
  const promises = () => fleet.at("run/intent.json").map(existsSync);
  return { ...fleet, live, promises };
}

describe.skipIf(!hasSshd)(
  "an environment on three servers (else skipped: needs sshd)",
  { timeout: 120_000 },
  () => {
    test("moves on all of them, and says how far they were apart", async () => {
      const shop = await makeThree();
      const first = await shop.greenroom("deploy", "production");
      expect(first, first.stdout).toMatchObject({ exit: 0, result: { live: true } });
      expect(shop.live()).toEqual(["one", "one", "one"]);
      shop.write({ "index.html": "two" });
      expect(await shop.greenroom("deploy", "production")).toMatchObject({ exit: 0 });
      expect(shop.live()).toEqual(["one", "one", "one"]);
      const switched = await shop.greenroom("switch", "production");
      expect(switched).toMatchObject({ exit: 0 });
      expect(JSON.stringify(switched.events)).toMatch(/switch on 3 servers, \d+ ms between/);
      expect(shop.live()).toEqual(["two", "two", "two"]);
      expect(await shop.greenroom("rollback", "production")).toMatchObject({ exit: 0 });
      expect(shop.live()).toEqual(["one", "one", "one"]);
      expect(shop.promises()).toEqual([false, false, false]);
    });

    test("tells whoever interrupts it that it goes on without them, and where to look", async () => {
      const run = `touch "$GREENROOM_ROOT/begun"; until test -e "$GREENROOM_ROOT/go"; do sleep 0.02; done`;
      const shop = await makeFleet(3, { tasks: { slow: { run } }, hooks: { "before:switch": ["slow"] } });
      const argv = [resolve("dist/greenroom.mjs"), "deploy", "--project", shop.project, "--root", shop.root];
      const child = spawn(process.execPath, argv, { stdio: ["ignore", "ignore", "pipe"] });
      let said = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
      const exited = once(child, "exit");
      const { root } = shop.hosts.servers[0]!;
      await until("the task runs", () => existsSync(join(root, "begun")));
      child.kill("SIGINT");
      expect(await exited).toEqual([null, "SIGINT"]);
      await until("they are told", () => said.includes("then: greenroom status production"));
      for (const server of shop.hosts.servers) writeFileSync(join(server.root, "go"), "");
      const succeeds = async (word: string) => (await shop.greenroom(word, "production")).exit === 0;
      await until("it has ended", async () => (await succeeds("recover")) && (await succeeds("switch")));
    });

    test("moves on none where one can't be reached, or can't do it", async () => {
      const shop = await makeThree();
      await shop.greenroom("deploy", "production");
      shop.write({ "index.html": "two" });
      await shop.greenroom("deploy", "production");
      const { root } = shop.hosts.servers[1]!;
      const verdict = join(root, "sites/shop/production/run/green.checks.json");
      const { rmSync } = await import("node:fs");
      rmSync(verdict);
      const refused = await shop.greenroom("switch", "production");
      expect(refused.error).toMatchObject({
        code: "CHECKS_NOT_PASSED",
        message: expect.stringMatching(/^web2: /),
      });
      expect([shop.live(), shop.promises()]).toEqual([
        ["one", "one", "one"],
        [false, false, false],
      ]);
      await shop.hosts.stop("web3");
      expect((await shop.greenroom("switch", "production")).error).toMatchObject({
        code: "SERVER_UNREACHABLE",
      });
      expect([shop.live(), shop.promises()]).toEqual([
        ["one", "one", "one"],
        [false, false, false],
      ]);
    });

    test("isn't on one machine by two names, nor taken off it by one of them", async () => {
      const shop = await makeFleet(1);
      const file = JSON.parse(readFileSync(join(shop.project, "greenroom.json"), "utf8"));
      expect(await shop.greenroom("deploy", "production")).toMatchObject({ exit: 0 });
      file.servers.app1 = { ...file.servers.web1 };
      shop.write({ "greenroom.json": file });
      const same = { code: "CONFIG_INVALID", message: expect.stringContaining("one and the same root") };
      expect((await shop.greenroom("bind", "production", "app1")).error).toMatchObject(same);
      file.environments.production.servers.push("app1");
      shop.write({ "greenroom.json": file });
      for (const words of [["deploy"], ["unbind", "production", "web1"]])
        expect((await shop.greenroom(...words)).error).toMatchObject(same);
      expect(existsSync(shop.at("traffic/live/index.html")[0]!)).toBe(true);
    });

    test("can't be on one server twice, nor on one that isn't named", async () => {
      const world = makeWorld({
        "greenroom.json": {
          project: "shop",
          environments: { production: { domain: "shop.localhost", servers: ["web9"] } },
        },
        "index.html": "one",
      });
      expect((await world.greenroom("deploy")).error).toMatchObject({ code: "CONFIG_INVALID" });
    });
  },
);
