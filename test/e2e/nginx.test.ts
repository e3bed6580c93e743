import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ask } from "./ask.ts";
import { hasNginx, makeNginxWorld, SITE, workersOf } from "./nginx-world.ts";

describe.skipIf(!hasNginx)("with nginx (else skipped: needs nginx)", () => {
  test("a site is staged, looked at and switched, and nginx is told of it once", async () => {
    const shop = await makeNginxWorld();
    const up = await shop.up();
    expect((await ask(up.port, "shop.localhost")).status).toBe(404);
    expect(await shop.greenroom("deploy", "production")).toMatchObject({ exit: 0, result: { live: true } });
    expect((await ask(up.port, "shop.localhost")).body).toBe("one");
    const workers = workersOf(shop);

    shop.write({ "index.html": "two" });
    const second = await shop.greenroom("deploy", "production");
    const rehearsal = new URL(second.result.urls.rehearsal);
    expect(rehearsal.port).toBe(String(up.port));
    expect((await ask(up.port, rehearsal.host)).body).toBe("two");
    expect((await ask(up.port, "shop.localhost")).body).toBe("one");
    await shop.greenroom("canary", "production", "50");
    await shop.greenroom("canary", "production", "0");
    await shop.greenroom("switch", "production");
    expect((await ask(up.port, "shop.localhost")).body).toBe("two");
    await shop.greenroom("rollback", "production");
    expect((await ask(up.port, "shop.localhost")).body).toBe("one");
    expect(workersOf(shop)).toBe(workers);

    expect(await shop.greenroom("remove", "production", "--force")).toMatchObject({ exit: 0 });
    expect((await ask(up.port, "shop.localhost")).status).toBe(404);
    expect(await up.stop()).toBe(0);
  });

  test("a process site is served by it, also after its kind has changed", async () => {
    const shop = await makeNginxWorld();
    const up = await shop.up();
    await shop.greenroom("deploy", "production");
    cpSync("examples/guestbook", shop.project, { recursive: true });
    const project = JSON.parse(readFileSync("examples/guestbook/greenroom.json", "utf8"));
    const environments = { production: { ...project.environments.production, domain: "shop.localhost" } };
    shop.write({ "greenroom.json": { ...project, project: "shop", environments } });
    const staged = await shop.greenroom("deploy", "production");
    expect(staged.exit).toBe(0);
    expect((await ask(up.port, "shop.localhost")).body).toBe("one");
    expect((await ask(up.port, new URL(staged.result.urls.rehearsal).host)).body).toContain("Guestbook");
    await shop.greenroom("switch", "production");
    expect((await ask(up.port, "shop.localhost")).body).toContain("Guestbook");
    await shop.greenroom("rollback", "production");
    expect((await ask(up.port, "shop.localhost")).body).toBe("one");
  });

  test("what nginx refuses stops the command with nginx's words, and visitors see nothing of it", async () => {
    const shop = await makeNginxWorld();
    const up = await shop.up();
    await shop.greenroom("deploy", "production");
    const alien = join(shop.root, "nginx/sites/alien.conf");
    writeFileSync(alien, "nonsense on;");
    shop.write({
      "greenroom.json": { ...SITE["greenroom.json"], environments: { other: { domain: "o.localhost" } } },
    });
    const { exit, error } = await shop.greenroom("deploy", "other");
    expect([exit, error?.code]).toEqual([18, "ROUTER_REFUSED"]);
    expect(error?.detail?.join()).toContain('unknown directive "nonsense"');
    expect(existsSync(join(shop.root, "nginx/sites/shop..other.conf"))).toBe(false);
    expect((await ask(up.port, "shop.localhost")).body).toBe("one");
    rmSync(alien);
    expect(await shop.greenroom("deploy", "other")).toMatchObject({ exit: 0, result: { live: true } });
    expect((await ask(up.port, "o.localhost")).body).toContain("one");
  });

  test("a port that is taken is a clear refusal", async () => {
    const shop = await makeNginxWorld();
    const { listen } = JSON.parse(readFileSync(join(shop.root, "machine.json"), "utf8"));
    const server = createServer();
    await new Promise<void>((resolve) =>
      server.listen(Number(listen[0].split(":")[1]), "127.0.0.1", resolve),
    );
    const { exit, error } = await shop.greenroom("up");
    server.close();
    expect([exit, error?.code]).toEqual([18, "PORT_TAKEN"]);
  });

  test("setup says what it would write, writes it once, and takes it away", async () => {
    const shop = await makeNginxWorld();
    expect(await shop.greenroom("setup", "--yes")).toMatchObject({ exit: 0, result: { changes: [] } });
    const dry = await shop.greenroom("setup", "--listen", "127.0.0.1:1234", "--dry-run");
    expect(dry.result).toMatchObject({ written: false, machine: { listen: ["127.0.0.1:1234"] } });
    expect(await shop.greenroom("setup", "--listen", "127.0.0.1:1234")).toMatchObject({ exit: 2 });
    expect(await shop.greenroom("setup", "--yes", "--listen", "nowhere")).toMatchObject({ exit: 2 });
    const { error } = await shop.greenroom("setup", "--yes", "--router", "apache");
    expect(error).toMatchObject({ code: "USAGE", message: "--router: write embedded or nginx" });
    const none = await shop.greenroom("setup", "--yes", "--listen", "127.0.0.1:0");
    expect(none).toMatchObject({ exit: 2, error: { code: "USAGE" } });
    expect(await shop.greenroom("setup", "--yes", "--remove")).toMatchObject({ exit: 0 });
    expect(existsSync(join(shop.root, "machine.json"))).toBe(false);
  });
});
