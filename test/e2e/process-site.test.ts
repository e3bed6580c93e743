import { chmodSync, cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ask } from "./ask.ts";
import { makeWorld, type World } from "./world.ts";

function makeGuestbook(): World {
  const world = makeWorld();
  cpSync("examples/guestbook", world.project, { recursive: true });
  return world;
}

function edit(world: World, change: (server: string) => string): void {
  world.write({ "server.js": change(readFileSync(join(world.project, "server.js"), "utf8")) });
}

describe("the guestbook of the examples", () => {
  test("is rehearsed beside the live one, and what visitors wrote outlives every release", async () => {
    const book = makeGuestbook();
    const up = await book.up();
    expect(await book.greenroom("deploy", "production")).toMatchObject({ exit: 0, result: { live: true } });
    const written = await ask(up.port, "guestbook.localhost", "/entries", {
      method: "POST",
      body: "line=Hello",
    });
    expect(written.status).toBe(303);

    edit(book, (server) => server.replace("Welcome.", "Welcome back."));
    const second = await book.greenroom("deploy", "production");
    const rehearsal = await ask(up.port, new URL(second.result.urls.rehearsal).host);
    expect(rehearsal.body).toContain("Welcome back.");
    expect(rehearsal.body).toContain("Hello");
    expect((await ask(up.port, "guestbook.localhost")).body).toContain("Welcome. Leave");

    await book.greenroom("switch", "production");
    expect((await ask(up.port, "guestbook.localhost")).body).toContain("Welcome back.");
    expect((await ask(up.port, "guestbook.localhost", "/style.css")).headers["content-type"]).toContain(
      "text/css",
    );
    await book.greenroom("rollback", "production");
    expect((await ask(up.port, "guestbook.localhost")).body).toContain("Welcome. Leave");
  });

  test("a release that never becomes healthy: its last lines, a marked rehearsal, an untouched live site", async () => {
    const book = makeGuestbook();
    const up = await book.up();
    await book.greenroom("deploy", "production");
    edit(book, () => 'console.error("no database"); process.exit(1);');
    const { exit, error } = await book.greenroom("stage", "production");
    expect([exit, error?.code]).toEqual([19, "PROCESS_UNHEALTHY"]);
    expect(error?.detail?.join("\n")).toContain("no database");
    const { result } = await book.greenroom("status", "production");
    expect(result.environments[0].rehearsal.checks).toBe("failed");
    expect(await book.greenroom("switch", "production")).toMatchObject({ exit: 13 });
    expect((await ask(up.port, "guestbook.localhost")).status).toBe(200);

    edit(book, () => readFileSync("examples/guestbook/server.js", "utf8").replace("Welcome.", "Mended."));
    expect(await book.greenroom("deploy", "production", "--switch")).toMatchObject({
      exit: 0,
      result: { live: true },
    });
    expect((await ask(up.port, "guestbook.localhost")).body).toContain("Mended.");
  });

  test("an app that dies again and again is named by status and doctor, with its last lines", async () => {
    const book = makeGuestbook();
    await book.up();
    edit(
      book,
      (server) => `setTimeout(() => { console.error("out of luck"); process.exit(1); }, 900);\n${server}`,
    );
    expect(await book.greenroom("deploy", "production")).toMatchObject({ exit: 0 });
    const statusOf = async () => (await book.greenroom("status")).result.environments[0];
    while ((await statusOf()).failing.length === 0);
    expect((await statusOf()).failing).toMatchObject([
      { side: "blue", name: "web", reason: "web ended with exit code 1", lastLines: ["out of luck"] },
    ]);
    const { stdout } = await book.plain("status");
    expect(stdout).toMatch(
      /blue +web +failed \d times in a row: web ended with exit code 1\n +out of luck\n/,
    );
    const { exit, error } = await book.greenroom("doctor");
    expect([exit, error?.code]).toEqual([23, "DOCTOR_FAILED"]);
    expect(error?.detail?.join("\n")).toMatch(
      /broken {2}guestbook\/production blue web: failed \d times.* exit code 1\n +out of luck/,
    );
    expect(error?.hint).toMatch(/^less .*web\.blue\.log$/);
    edit(book, (server) => server.replace(/^setTimeout.*\n/, ""));
    expect(await book.greenroom("deploy", "production", "--switch")).toMatchObject({ exit: 0 });
    expect((await book.greenroom("doctor")).exit).toBe(0);
  });

  test("without `greenroom up` it is refused before anything is made", async () => {
    const book = makeGuestbook();
    expect(await book.greenroom("deploy", "production")).toMatchObject({
      exit: 18,
      error: { code: "UP_NOT_RUNNING", hint: expect.stringContaining("greenroom up") },
    });
    expect(existsSync(join(book.root, "sites"))).toBe(false);
  });

  test("a second `up` for the same root, and a port that is taken, are refused by name", async () => {
    const book = makeGuestbook();
    const up = await book.up();
    expect(await book.greenroom("up", "--port", "0")).toMatchObject({
      exit: 18,
      error: { code: "UP_RUNNING" },
    });
    const other = makeWorld();
    expect(await other.greenroom("up", "--port", String(up.port))).toMatchObject({
      exit: 18,
      error: { code: "PORT_TAKEN" },
    });
  });

  test("Ctrl-C ends it, and nothing that it started goes on", async () => {
    const book = makeGuestbook();
    const up = await book.up();
    await book.greenroom("deploy", "production");
    const state = join(book.root, "sites/guestbook/production/run/blue.json");
    const { pid } = JSON.parse(readFileSync(state, "utf8")).processes[0];
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    expect(await up.stop()).toBe(0);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });
});

const ROOT = process.getuid?.() === 0;

describe.skipIf(!ROOT)("where root runs it (else skipped: needs root)", () => {
  const HACK = 'import { chmodSync } from "node:fs";\nchmodSync("server.js", 0o644);\n';

  test("an app runs as somebody who can't make its release writable", async () => {
    const book = makeGuestbook();
    await book.up();
    edit(book, (server) => HACK + server);
    const { exit, error } = await book.greenroom("deploy", "production");
    expect([exit, error?.code]).toEqual([19, "PROCESS_UNHEALTHY"]);
    expect(error?.detail?.join("\n")).toContain("EPERM");
    expect(await book.greenroom("verify", "production", "--dry-run")).toMatchObject({ exit: 0 });
  });

  test("it says so if the root lies where nobody else can go, and runs the app as root", async () => {
    const book = makeGuestbook();
    chmodSync(book.dir, 0o700);
    await book.up();
    const { exit, events } = await book.greenroom("deploy", "production");
    expect(exit).toBe(0);
    expect(events).toContainEqual({
      event: "warning",
      text: expect.stringContaining(`others can't reach ${book.root}`),
    });
  });
});
