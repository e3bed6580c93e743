import { describe, expect, test } from "vitest";
import { lacksDebian } from "../debian/archive.ts";
import { type Debian, differences, startDebian } from "../debian/machine.ts";
import { makeWorld } from "./world.ts";

const lacks = lacksDebian();

const APP = `require("node:http").createServer((q, a) => a.end("app as " + process.getuid())).listen(process.env.SOCKET)`;

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
  return { ...world, configure };
}

describe.skipIf(lacks)(`a bare Debian (else skipped: ${lacks})`, { timeout: 900_000 }, () => {
  test("is made ready, serves a site, and has nothing to be done the second time", async () => {
    const debian = await startDebian();
    const shop = makeProject(debian, "root");
    const before = debian.snapshot();
    const dry = await shop.greenroom("provision", "web1", "--dry-run");
    expect(dry, dry.stdout).toMatchObject({ exit: 0 });
    expect(differences(before, debian.snapshot())).toEqual([]);
    const done = await shop.greenroom("provision", "web1");
    expect(done, done.stdout).toMatchObject({ exit: 0 });
    const deployed = await shop.greenroom("deploy", "production");
    expect(deployed, deployed.stdout).toMatchObject({ exit: 0, result: { live: true } });
    expect((await debian.ask("shop.example")).body).toBe("one");
    const after = debian.snapshot();
    const again = await shop.greenroom("provision", "web1");
    expect(again, again.stdout).toMatchObject({ exit: 0, result: { steps: [] } });
    expect(differences(after, debian.snapshot())).toEqual([]);
  });
});
