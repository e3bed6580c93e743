import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { supervisordAt } from "../../src/serving/supervisord/places.ts";
import { retire } from "../../src/serving/supervisord/retire.ts";
import { freePort } from "../free-port.ts";
import { isAlive, until } from "../processes/program.ts";
import { hasSupervisord } from "../serving/contract/supervisors.ts";
import { ask } from "./ask.ts";
import { makeWorld, type World } from "./world.ts";

const hasNginx = [...(process.env.PATH ?? "").split(":"), "/usr/sbin"].some((folder) =>
  existsSync(join(folder, "nginx")),
);

describe.skipIf(!hasSupervisord)("with supervisord (else skipped: needs supervisord)", () => {
  test("an app goes on while greenroom up is killed, and the next one switches it as if nothing had been", async () => {
    const book = await makeGuestbook();
    const first = await book.up();
    expect(await book.greenroom("deploy", "production")).toMatchObject({ exit: 0, result: { live: true } });
    const pid = pidOf(book, "blue");
    first.child.kill("SIGKILL");
    await until("up is gone", () => first.child.signalCode !== null);
    expect(isAlive(pid)).toBe(true);

    const second = await book.up();
    await until("it answers", async () => (await ask(second.port, "guestbook.localhost")).status === 200);
    await until("the process is known again", () => pidOf(book, "blue") !== undefined);
    expect(pidOf(book, "blue")).toBe(pid);
    edit(book, (server) => server.replace("Welcome.", "Welcome back."));
    expect(await book.greenroom("deploy", "production", "--switch")).toMatchObject({ exit: 0 });
    expect((await ask(second.port, "guestbook.localhost")).body).toContain("Welcome back.");
    expect(await second.stop()).toBe(0);
    expect(isAlive(pid)).toBe(true);
  });

  test.skipIf(!hasNginx)(
    "and nginx, visitors notice nothing of a greenroom up that is killed (else skipped: needs nginx)",
    async () => {
      const listen = `127.0.0.1:${await freePort()}`;
      const book = await makeGuestbook("--router", "nginx", "--listen", listen);
      const up = await book.up();
      expect(await book.greenroom("deploy", "production")).toMatchObject({ exit: 0, result: { live: true } });
      up.child.kill("SIGKILL");
      await until("up is gone", () => up.child.signalCode !== null);
      for (let i = 0; i < 20; i++)
        expect((await ask(up.port, "guestbook.localhost")).body).toContain("Welcome.");
      process.kill(-pidOf(book, "blue"), "SIGKILL");
      const answer = () => ask(up.port, "guestbook.localhost");
      await until("the app is back", async () => (await answer()).status === 200);
      const next = await book.up();
      expect((await ask(next.port, "guestbook.localhost")).body).toContain("Welcome.");
    },
  );

  test("a release that never becomes healthy: its last lines", async () => {
    const book = await makeGuestbook();
    await book.up();
    edit(book, () => 'console.error("no database"); process.exit(1);');
    const { exit, error } = await book.greenroom("stage", "production");
    expect([exit, error?.code]).toEqual([19, "PROCESS_UNHEALTHY"]);
    expect(error?.message).toContain("web ended with exit code 1");
    expect(error?.detail?.join("\n")).toContain("no database");
  });

  test("a removed environment's processes end, also where no greenroom up is there", async () => {
    const book = await makeGuestbook();
    const up = await book.up();
    await book.greenroom("deploy", "production");
    const pid = pidOf(book, "blue");
    await up.stop();
    expect(isAlive(pid)).toBe(true);
    expect(await book.greenroom("remove", "production", "--force", "--storage")).toMatchObject({ exit: 0 });
    expect(isAlive(pid)).toBe(false);
  });

  test("setup says what it would write, and its removal ends everything", async () => {
    const book = await makeGuestbook();
    expect(await book.greenroom("setup", "--yes")).toMatchObject({ exit: 0, result: { changes: [] } });
    const up = await book.up();
    await book.greenroom("deploy", "production");
    const pid = pidOf(book, "blue");
    await up.stop();
    expect(await book.greenroom("setup", "--yes", "--remove")).toMatchObject({ exit: 0 });
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(supervisordAt.dir(book.root))).toBe(false);
  });
});

async function makeGuestbook(...more: string[]): Promise<World> {
  const world = makeWorld();
  cpSync("examples/guestbook", world.project, { recursive: true });
  const listen = more.length > 0 ? more : ["--listen", `127.0.0.1:${await freePort()}`];
  const wishes = ["--supervisor", "supervisord", "--unprivileged", ...listen];
  const set = await world.greenroom("setup", "--yes", ...wishes);
  expect(set).toMatchObject({ exit: 0, result: { written: true } });
  onTestFinished(() => retire(world.root));
  return world;
}

function edit(world: World, change: (server: string) => string): void {
  world.write({ "server.js": change(readFileSync(join(world.project, "server.js"), "utf8")) });
}

/** Undefined while a new `greenroom up` looks for it. */
function pidOf(world: World, side: string) {
  const state = join(world.root, "sites/guestbook/production/run", `${side}.json`);
  return JSON.parse(readFileSync(state, "utf8")).processes[0]?.pid;
}
