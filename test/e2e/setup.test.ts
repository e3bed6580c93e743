import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { makeCertificate } from "../certificates.ts";
import { until } from "../processes/program.ts";
import { lacksMachine, type Machine, makeMachine } from "./machine.ts";
import { makeWorld } from "./world.ts";

const lacks = lacksMachine();

const APP = `require("node:http").createServer((q, a) => {
  let n = 0;
  q.on("data", (d) => (n += d.length)).on("end", () => a.end("app TEXT " + n));
}).listen(process.env.SOCKET)`;

/** Three sites, one of each kind. */
function projectOf(text: string, tls: object | null = null) {
  return {
    "greenroom.json": { project: "files", environments: { production: { domain: "files.example", tls } } },
    "index.html": text,
  };
}

const SETUP = ["--yes", "--router", "nginx", "--supervisor", "supervisord", "--listen", "80", "--listen-tls", "443"];

async function makeServer(files: Record<string, string | object> = projectOf("one")) {
  const machine = await makeMachine();
  for (const daemon of ["nginx", "supervisord", "php-fpm"] as const) await machine.start(daemon);
  const before = snapshot(machine);
  const world = makeWorld(files, machine.via);
  return { ...world, machine, before };
}

/** All that setup could have touched outside of the root. */
function snapshot({ dir }: Machine): string {
  const list = (format: string) => execFileSync("find", [join(dir, "etc"), "-printf", format], { encoding: "utf8" });
  const sums = execFileSync("find", [join(dir, "etc"), "-type", "f", "-exec", "sha256sum", "{}", "+"], { encoding: "utf8" });
  return [list("%p %y %m %u %g %l\n"), sums].map((text) => text.split("\n").sort().join("\n")).join("\n");
}

describe.skipIf(lacks)(`a machine's own nginx, supervisord and PHP-FPM (else skipped: ${lacks})`, { timeout: 120_000 }, () => {
  test("serve static, process and PHP sites", async () => {
    const shop = await makeServer();
    const { machine } = shop;
    expect(await shop.greenroom("setup", ...SETUP)).toMatchObject({ exit: 0, result: { written: true } });
    const up = await shop.up();
    const deployed = await shop.greenroom("deploy");
    expect(deployed, deployed.stdout).toMatchObject({ exit: 0 });
    expect((await machine.ask("files.example")).body).toBe("one");
    const proj = async (project: string, serve: object, files: object) => {
      shop.write({ "greenroom.json": { project, serve, environments: { production: { domain: `${project}.example` } } }, ...files });
      const done = await shop.greenroom("deploy");
      expect.soft(done, done.stdout).toMatchObject({ exit: 0 });
      console.log(await machine.ask(`${project}.example`), done.stdout);
    };
    await proj("app", { kind: "process", start: { web: `node app.cjs` } }, { "app.cjs": APP.replace("TEXT", "one") });
    await proj("nob", { kind: "process", user: "nobody", start: { web: `node app.cjs` } }, { "app.cjs": APP.replace("TEXT", "one") });
    await proj("php", { kind: "php" }, {"public/index.php": "<?php echo 'php one';"});
    await proj("phpn", { kind: "php", user: "nobody" }, {"public/index.php": "<?php echo 'php one';"});
    console.log(await machine.ask("unknown.example"));
    expect(await up.stop()).toBe(0);
    const rem = await shop.greenroom("setup", "--remove", "--yes");
    expect(rem, rem.stdout).toMatchObject({ exit: 0 });
    expect(snapshot(machine)).toBe(shop.before);
  });
});
