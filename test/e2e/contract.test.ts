import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ERRORS } from "../../src/errors.ts";
import { makeWorld } from "./world.ts";

const PROJECT = { project: "shop", environments: { production: { domain: "shop.localhost" } } };
const SITE = { "greenroom.json": PROJECT, "index.html": "Shop", "a.txt": "a", "b.txt": "b" };

describe("what scripts rely on", () => {
  test("status ends with the result that is documented", async () => {
    const shop = makeWorld(SITE);
    await shop.greenroom("deploy");
    const { events } = await shop.greenroom("status");
    const [environment] = (events.at(-1) as { result: { environments: object[] } }).result.environments;
    expect(events.at(-1)).toMatchObject({ event: "result", result: { project: "shop", up: false } });
    expect((await shop.plain("status")).stdout).toMatch(
      /greenroom up isn't running here; to start it: greenroom up\n$/,
    );
    expect(environment).toEqual({
      name: "production",
      live: { side: "blue", release: expect.stringMatching(/^\d{4}\.\d\d\.\d\d\.1$/) },
      rehearsal: { side: "green", release: null, checks: "not run" },
      traffic: { blue: 100, green: 0 },
      paused: null,
      promised: null,
      deployed: {
        operation: "switch",
        by: expect.any(String),
        at: expect.any(String),
        release: expect.any(String),
      },
      processes: [],
      failing: [],
      certificates: [],
      urls: {
        live: "http://shop.localhost/",
        rehearsal: expect.stringMatching(/^http:\/\/[a-z0-9]{12}-rehearsal\./),
      },
      differ: [],
      servers: [expect.objectContaining({ name: "local" })],
    });
  });

  test("what was mistyped is answered with the help of just that", async () => {
    const shop = makeWorld(SITE);
    for (const [words, hint] of [
      [["switch", "--nonsense"], "greenroom switch --help"],
      [["rollback", "a", "b"], "greenroom rollback --help"],
      [["nonsense"], "greenroom --help"],
      [["switch", "--dry-rn"], "Did you mean --dry-run?"],
    ] as const) {
      expect((await shop.greenroom(...words)).error).toMatchObject({ code: "USAGE", hint });
    }
  });

  test("a failure ends with an error event and the exit code of its kind", async () => {
    const shop = makeWorld(SITE);
    const { exit, error } = await shop.greenroom("switch");
    expect(error).toMatchObject({ code: "ENVIRONMENT_MISSING", hint: "greenroom deploy production" });
    expect(exit).toBe(ERRORS.ENVIRONMENT_MISSING.exit);
  });

  test.each([
    ["stage"],
    ["check"],
    ["switch"],
    ["rollback", "--to", "v1"],
    ["deploy"],
    ["canary", "production", "5"],
    ["prune"],
    ["verify"],
    ["remove", "production", "--force"],
  ])("%s --dry-run changes nothing", async (...argv) => {
    const shop = makeWorld(SITE);
    for (const version of ["v1", "v2"]) {
      shop.write({ "index.html": `Shop ${version}` });
      await shop.greenroom("deploy", "--version", version, ...(version === "v2" ? ["--switch"] : []));
    }
    shop.write({ "index.html": "Shop v3" });
    const before = listing(shop.root);
    expect((await shop.greenroom(...argv, "--dry-run")).exit).toBe(0);
    expect(listing(shop.root)).toEqual(before);
  });

  test("--version answers at once, --help shows examples, a mistyped command is guessed", async () => {
    const shop = makeWorld(SITE);
    const run = (...argv: string[]) =>
      spawnSync(process.execPath, ["dist/greenroom.mjs", ...argv], { encoding: "utf8" });
    expect(run("--version").stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(run("switch", "--help").stdout).toContain("greenroom switch production");
    expect(run("--help").stdout).toContain("greenroom deploy production");
    expect(await shop.greenroom("swich")).toMatchObject({
      exit: 2,
      error: { code: "USAGE", hint: expect.stringContaining("switch") },
    });
    expect(await shop.greenroom("stage", "--nonsense")).toMatchObject({ exit: 2, error: { code: "USAGE" } });
  });

  test("status shows no address of a rehearsal where there is none, log shows a canary's share", async () => {
    const shop = makeWorld(SITE);
    await shop.greenroom("deploy", "--version", "v1");
    expect((await shop.plain("status")).stdout).toMatch(/http:\/\/shop\.localhost\/ +-\n/);
    shop.write({ "index.html": "Shop 2" });
    await shop.greenroom("deploy", "--version", "v2");
    expect((await shop.plain("status")).stdout).toContain("-rehearsal.shop.localhost/");
    expect(await shop.greenroom("canary", "production", "5%")).toMatchObject({
      result: { traffic: { blue: 95, green: 5 } },
    });
    expect((await shop.plain("log")).stdout).toContain("canary 5 %");
  });

  test("the answer goes to stdout, everything else to stderr", async () => {
    const shop = makeWorld(SITE);
    const { stdout, stderr } = await shop.plain("deploy");
    expect(stdout).toMatch(/^production: \S+ is live\nhttp:\/\/shop\.localhost\/\n$/);
    expect(stderr).toContain("send all visitors to blue");
    expect(stdout + stderr).not.toContain("\u001b[");
  });
});

test.each(["switch", "rollback"])(
  "a %s that was cut short is finished by the next one, not done twice",
  async (turn) => {
    const shop = makeWorld(SITE);
    for (const version of ["v1", "v2"]) {
      shop.write({ "index.html": `Shop ${version}` });
      await shop.greenroom("deploy", "--version", version);
    }
    if (turn === "rollback") await shop.greenroom("switch");
    await shop.greenroom(turn);
    const journal = join(shop.root, "sites/shop/production/log/journal.jsonl");
    const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
    expect(lines.at(-1)).toContain('"event":"end"');
    writeFileSync(journal, `${lines.slice(0, -1).join("\n")}\n`);
    const again = await shop.greenroom(turn);
    expect(again).toMatchObject({ exit: 0, result: { live: { release: turn === "switch" ? "v2" : "v1" } } });
    expect(again.events).toContainEqual({
      event: "warning",
      text: expect.stringContaining("it was finished now"),
    });
  },
);

test("an answer that finds no room isn't a success", () => {
  const argv = ["-c", "node dist/greenroom.mjs exit-codes > /dev/full"];
  const { status, stderr } = spawnSync("sh", argv, { encoding: "utf8" });
  expect([status, stderr]).toEqual([20, expect.stringContaining("the answer could not be written")]);
});

test("init keeps what is usually secret out of releases, but not the example of it", async () => {
  const shop = makeWorld({ "index.html": "Shop", ".env": "A=1", ".env.local": "A=2", ".env.example": "A=" });
  expect(await shop.greenroom("init", "--yes")).toMatchObject({ exit: 0 });
  expect(await shop.greenroom("stage", "production")).toMatchObject({ exit: 0, result: { files: 2 } });
});

test("where a project has several environments, a hint names the one that was meant", async () => {
  const environments = { production: { domain: "a.localhost" }, staging: { domain: "b.localhost" } };
  const shop = makeWorld({ ...SITE, "greenroom.json": { ...PROJECT, environments } });
  await shop.greenroom("deploy", "staging", "--version", "v1");
  expect(await shop.greenroom("stage", "staging", "--release", "v9")).toMatchObject({
    error: { code: "VERSION_UNKNOWN", hint: "greenroom releases staging" },
  });
  for (const command of ["verify", "switch", "log"]) {
    expect(await shop.greenroom(command)).toMatchObject({
      exit: 2,
      error: { code: "USAGE", hint: "name one of: production, staging" },
    });
  }
});

test("keys that would move a terminal's cursor are spelt out", async () => {
  const shop = makeWorld({ ...SITE, "greenroom.json": { ...PROJECT, "\u001b[2J\n": 1 } });
  const { stderr } = await shop.plain("status");
  expect(stderr).toContain("\\u001b[2J\\n: unknown key");
});

describe("bad input gets a name, a reason and a hint", () => {
  test("broken JSON: line and column", async () => {
    const shop = makeWorld({ ...SITE, "greenroom.json": '{\n  "project": "shop",\n  oops\n}' });
    expect(await shop.greenroom("stage")).toMatchObject({
      exit: 2,
      error: { message: expect.stringContaining("line 3, column 3") },
    });
  });

  test("an unknown key: what was probably meant", async () => {
    const shop = makeWorld({ ...SITE, "greenroom.json": { ...PROJECT, storge: ["uploads"] } });
    expect((await shop.greenroom("stage")).error?.message).toContain('did you mean "storage"');
  });

  test("an unknown environment: what was probably meant", async () => {
    const shop = makeWorld(SITE);
    expect(await shop.greenroom("stage", "prodction")).toMatchObject({
      exit: 2,
      error: { message: expect.stringContaining("production") },
    });
  });

  test("no project, a missing source, an empty one", async () => {
    const shop = makeWorld(SITE);
    rmSync(join(shop.project, "greenroom.json"));
    expect(await shop.greenroom("stage")).toMatchObject({ exit: 2, error: { code: "CONFIG_MISSING" } });
    shop.write({ "greenroom.json": PROJECT });
    expect(await shop.greenroom("stage", "--from", "nowhere")).toMatchObject({
      exit: 10,
      error: { code: "SOURCE_MISSING" },
    });
    mkdirSync(join(shop.dir, "empty"));
    expect(await shop.greenroom("stage", "--from", join(shop.dir, "empty"))).toMatchObject({
      exit: 10,
      error: { code: "SOURCE_EMPTY" },
    });
    expect(existsSync(join(shop.root, "sites"))).toBe(false);
  });

  test("a symlink that leaves the release, a pipe", async () => {
    const shop = makeWorld(SITE);
    symlinkSync("../../etc/passwd", join(shop.project, "leak"));
    expect(await shop.greenroom("stage")).toMatchObject({
      exit: 10,
      error: { code: "SYMLINK_ESCAPES", message: expect.stringContaining("leak") },
    });
    rmSync(join(shop.project, "leak"));
    spawnSync("mkfifo", [join(shop.project, "pipe")]);
    expect(await shop.greenroom("stage")).toMatchObject({
      exit: 10,
      error: { code: "SOURCE_SPECIAL", message: expect.stringContaining("pipe") },
    });
  });

  test("a version that exists with other content", async () => {
    const shop = makeWorld(SITE);
    await shop.greenroom("deploy", "--version", "v1");
    shop.write({ "index.html": "other" });
    expect(await shop.greenroom("stage", "--version", "v1")).toMatchObject({
      exit: 12,
      error: { code: "VERSION_EXISTS" },
    });
    expect(await shop.greenroom("stage", "--version", "../v1")).toMatchObject({
      exit: 2,
      error: { code: "NAME_INVALID" },
    });
    expect(await shop.greenroom("stage", "--version", "green")).toMatchObject({
      exit: 2,
      error: { code: "NAME_INVALID" },
    });
  });

  test("a release far smaller than the live one isn't switched to", async () => {
    const shop = makeWorld(SITE);
    await shop.greenroom("deploy");
    rmSync(join(shop.project, "a.txt"));
    rmSync(join(shop.project, "b.txt"));
    const { exit, error } = await shop.greenroom("deploy", "--switch");
    expect(exit).toBe(15);
    expect(error?.detail?.join()).toContain("has 1 file, the live");
    expect(await shop.greenroom("switch")).toMatchObject({ exit: 13, error: { code: "CHECKS_NOT_PASSED" } });
  });

  test("a template that names what isn't defined: file, line and name", async () => {
    const shop = makeWorld({
      ...SITE,
      "greenroom.json": { ...PROJECT, config: { "c.json": "c.hbs" } },
      "c.hbs": "one\n{{two}}",
    });
    expect(await shop.greenroom("stage")).toMatchObject({
      exit: 2,
      error: { message: expect.stringMatching(/c\.hbs, line 2.*two/) },
    });
  });

  test("an operation while another one holds the lock: who, doing what", async () => {
    const shop = makeWorld({
      ...SITE,
      "greenroom.json": {
        ...PROJECT,
        tasks: { wait: { run: "touch started; sleep 30" } },
        hooks: { "before:check": ["wait"] },
      },
    });
    await shop.greenroom("stage");
    const busy = shop.greenroom("check");
    const started = join(shop.root, "sites/shop/production/log/task-wait.log");
    while (!existsSync(started)) await new Promise((resume) => setTimeout(resume, 20));
    const { exit, error } = await shop.greenroom("stage", "--version", "other");
    expect([exit, error?.code]).toEqual([14, "LOCKED"]);
    expect(error?.message).toMatch(/has been doing a check since .* \(process \d+\)/);
    process.kill(Number(/process (\d+)/.exec(error!.message)![1]), "SIGKILL");
    await busy;
    expect((await shop.greenroom("status")).exit).toBe(0);
    expect((await shop.greenroom("stage", "--version", "other")).exit).toBe(0);
  });

  test("a release that was never live isn't rolled back to", async () => {
    const shop = makeWorld({
      ...SITE,
      "greenroom.json": { ...PROJECT, checks: [{ files: ["index.html"] }] },
    });
    await shop.greenroom("deploy", "--version", "v1");
    rmSync(join(shop.project, "index.html"));
    expect(await shop.greenroom("deploy", "--version", "v2")).toMatchObject({ exit: 15 });
    expect(await shop.greenroom("rollback", "--to", "v2")).toMatchObject({
      exit: 13,
      error: { code: "CHECKS_NOT_PASSED" },
    });
    expect((await shop.greenroom("status")).result.environments[0].live.release).toBe("v1");
  });

  test("damaged state that can be made anew is made anew, other state is named", async () => {
    const shop = makeWorld(SITE);
    await shop.greenroom("deploy", "--version", "v1");
    const site = join(shop.root, "sites/shop/production");
    for (const file of readdirSync(join(shop.root, "store/index"))) {
      writeFileSync(join(shop.root, "store/index", file), "garbage");
    }
    for (const file of ["environment.json", "run/blue.checks.json"])
      writeFileSync(join(site, file), "garbage");
    shop.write({ "index.html": "Shop 2" });
    expect(await shop.greenroom("deploy", "--version", "v2", "--switch")).toMatchObject({ exit: 0 });
    writeFileSync(join(site, "config/v2.json"), "garbage");
    expect(await shop.greenroom("switch", "--force")).not.toMatchObject({ exit: 70 });
    expect(await shop.greenroom("verify")).toMatchObject({ exit: 22, error: { code: "VERIFY_FAILED" } });
  });

  test("options without a value, a project that isn't there, another server's address in a check", async () => {
    const shop = makeWorld(SITE);
    expect(await shop.greenroom("stage", "--release", "")).toMatchObject({
      exit: 2,
      error: { code: "USAGE" },
    });
    expect(await shop.greenroom("stage", "--from")).toMatchObject({
      exit: 2,
      error: { code: "USAGE", message: "--from was given without a value" },
    });
    expect(await shop.greenroom("pause", "--for", "99999h")).toMatchObject({
      exit: 2,
      error: { code: "USAGE", message: "requests are held for at most 24 h, not 99999h" },
    });
    expect((await shop.greenroom("pause", "--for", "24h", "--dry-run")).error?.code).toBe(
      "ENVIRONMENT_MISSING",
    );
    mkdirSync(join(shop.project, "inner"));
    const inner = spawnSync(process.execPath, [
      "dist/greenroom.mjs",
      "status",
      "--project",
      join(shop.project, "inner"),
    ]);
    expect(inner.status).toBe(2);
    shop.write({ "greenroom.json": { ...PROJECT, checks: [{ http: "//elsewhere/" }] } });
    expect(await shop.greenroom("stage")).toMatchObject({ exit: 2, error: { code: "CONFIG_INVALID" } });
    shop.write({ "greenroom.json": `{"project":"shop","ignore":${"[".repeat(20_000)}` });
    expect(await shop.greenroom("stage")).toMatchObject({ exit: 2, error: { code: "CONFIG_INVALID" } });
  });

  test("a root inside the project isn't part of its releases, and private files are warned of", async () => {
    const shop = makeWorld({ ...SITE, "token.txt": "secret" });
    chmodSync(join(shop.project, "token.txt"), 0o600);
    const inside = spawnSync(
      process.execPath,
      [
        "dist/greenroom.mjs",
        "deploy",
        "--json",
        "--project",
        shop.project,
        "--root",
        join(shop.project, "root"),
      ],
      { encoding: "utf8" },
    );
    expect(inside.status).toBe(0);
    expect(inside.stdout).toContain("token.txt: private here");
    expect(existsSync(join(shop.project, "root/sites/shop/production/current/root"))).toBe(false);
  });

  test("what can't be staged is refused by a dry run already", async () => {
    const shop = makeWorld({ ...SITE, "greenroom.json": { ...PROJECT, ignore: ["*"] } });
    expect(await shop.greenroom("stage", "--dry-run")).toMatchObject({
      exit: 10,
      error: { code: "SOURCE_EMPTY" },
    });
    shop.write({ "greenroom.json": { ...PROJECT, serve: { kind: "static", public: "dist" } } });
    for (const argv of [["--dry-run"], []]) {
      expect(await shop.greenroom("stage", ...argv)).toMatchObject({
        exit: 10,
        error: { code: "PUBLIC_MISSING" },
      });
    }
    expect(existsSync(join(shop.root, "sites"))).toBe(false);
  });

  test("a root that can't be used", async () => {
    const shop = makeWorld(SITE);
    writeFileSync(shop.root, "a file");
    const { exit, error } = await shop.greenroom("stage");
    expect([exit, error?.code]).toEqual([20, "ROOT_UNUSABLE"]);
    expect(error?.message).toContain(shop.root);
    chmodSync(shop.root, 0o644);
  });
});

function listing(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map(String).sort();
}
