import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { isAlive } from "../../src/disk/alive.ts";
import { orNull } from "../../src/disk/durable.ts";
import { ask } from "./ask.ts";
import { freePort, hasNginx, makeNginxWorld, masterOf, workersOf } from "./nginx-world.ts";
import type { Up, World } from "./world.ts";

const pidsOf = (children: string) => children.trim().split(" ").map(Number);

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(20);
}

async function untilEnded(pid: number): Promise<void> {
  const isEnded = () => {
    const status = orNull(() => readFileSync(`/proc/${pid}/status`, "utf8"), "ENOENT", "ESRCH");
    return status === null || /^State:\tZ/m.test(status);
  };
  await until(isEnded);
}

/** Ended as by the kernel that has no memory left. */
async function kill(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  await untilEnded(pid);
}

async function startShop(): Promise<{ shop: World; up: Up }> {
  const shop = await makeNginxWorld();
  const up = await shop.up();
  await shop.greenroom("deploy", "production");
  return { shop, up };
}

/** A visitor who comes again and again, by a new connection each time. */
function visitOften(port: number) {
  const seen = { answered: 0, failed: 0 };
  let over = false;
  const visits = (async () => {
    for (; !over; await pause(1)) {
      await ask(port, "shop.localhost").then(
        ({ status }) => void (status === 200 ? seen.answered++ : seen.failed++),
        () => void seen.failed++,
      );
    }
  })();
  return async () => {
    over = true;
    await visits;
    return seen;
  };
}

/** An nginx of somebody else's, whose master was killed. */
async function leaveForeignWorkers(): Promise<number[]> {
  const dir = mkdtempSync(join(tmpdir(), "greenroom-foreign-"));
  mkdirSync(join(dir, "nginx"));
  const server = `server { listen 127.0.0.1:${await freePort()}; access_log off; }`;
  const file = (name: string) => join(dir, "nginx", name);
  const main = `daemon off; worker_processes 2; pid ${file("nginx.pid")}; error_log ${file("error.log")};`;
  writeFileSync(file("nginx.conf"), `${main} events {} http { ${server} }`);
  const { pid } = spawn("nginx", ["-p", dir, "-c", file("nginx.conf")], { stdio: "ignore" });
  const children = () => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  await until(() => pidsOf(children()).length === 2 && existsSync(file("nginx.pid")));
  const workers = pidsOf(children());
  onTestFinished(() => {
    for (const worker of workers) process.kill(worker, "SIGKILL");
    rmSync(dir, { recursive: true });
  });
  await kill(pid!);
  return workers;
}

describe.skipIf(!hasNginx)("nginx's life (else skipped: needs nginx)", () => {
  test("the nginx of an `up` that was killed goes on with the next one, and no visitor notices", async () => {
    const { shop, up } = await startShop();
    const [master, workers] = [masterOf(shop), workersOf(shop)];
    const stopVisits = visitOften(up.port);
    await kill(up.child.pid!);
    const second = await shop.up();
    const seen = await stopVisits();
    expect(seen.failed).toBe(0);
    expect(seen.answered).toBeGreaterThan(10);
    expect(masterOf(shop)).toBe(master);
    expect(workersOf(shop)).not.toBe(workers);

    shop.write({ "index.html": "two" });
    await shop.greenroom("deploy", "production", "--switch");
    expect((await ask(second.port, "shop.localhost")).body).toBe("two");
    expect(await second.stop()).toBe(0);
    await untilEnded(master);
    await expect(ask(second.port, "shop.localhost")).rejects.toThrow();
  });

  test("one that goes on is watched as any other is", async () => {
    const { shop, up } = await startShop();
    const master = masterOf(shop);
    await kill(up.child.pid!);
    const second = await shop.up();
    process.kill(master, "SIGTERM");
    await untilEnded(master);
    await until(() => existsSync(join(shop.root, "nginx/nginx.pid")) && masterOf(shop) !== master);
    expect((await ask(second.port, "shop.localhost")).body).toBe("one");
  });

  test("one that listens elsewhere than it should is ended", async () => {
    const { shop, up } = await startShop();
    const master = masterOf(shop);
    await kill(up.child.pid!);
    await shop.greenroom("setup", "--yes", "--listen", `127.0.0.1:${await freePort()}`);
    const second = await shop.up();
    expect(second.port).not.toBe(up.port);
    expect(masterOf(shop)).not.toBe(master);
    await untilEnded(master);
    expect((await ask(second.port, "shop.localhost")).body).toBe("one");
  });

  test("workers whose master was killed are ended, a stranger's are not", async () => {
    const { shop, up } = await startShop();
    const foreign = await leaveForeignWorkers();
    const [master, workers] = [masterOf(shop), pidsOf(workersOf(shop))];
    await kill(master);
    await Promise.all(workers.map(untilEnded));
    await until(() => masterOf(shop) !== master);
    expect((await ask(up.port, "shop.localhost")).body).toBe("one");
    expect(await up.stop()).toBe(0);
    expect(foreign.every(isAlive)).toBe(true);
  });

  test("doctor tells of workers that are left, and the next `up` ends them", async () => {
    const { shop, up } = await startShop();
    expect((await shop.greenroom("doctor")).stdout).not.toContain("was killed");
    const workers = pidsOf(workersOf(shop));
    await kill(up.child.pid!);
    await kill(masterOf(shop));
    const found = await shop.greenroom("doctor");
    expect(found.error).toMatchObject({
      code: "DOCTOR_FAILED",
      hint: expect.stringContaining("greenroom up"),
    });
    expect(found.error?.detail?.join("\n")).toContain("of an nginx that was killed still answer");
    const second = await shop.up();
    await Promise.all(workers.map(untilEnded));
    expect((await ask(second.port, "shop.localhost")).body).toBe("one");
    expect((await shop.greenroom("doctor")).stdout).not.toContain("was killed");
  });

  test("workers that are left at the end go with it", async () => {
    const { shop, up } = await startShop();
    const workers = pidsOf(workersOf(shop));
    process.kill(masterOf(shop), "SIGKILL");
    expect(await up.stop()).toBe(0);
    await Promise.all(workers.map(untilEnded));
    await expect(ask(up.port, "shop.localhost")).rejects.toThrow();
  });
});
