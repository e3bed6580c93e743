import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { makeCertificate } from "../certificates.ts";
import { until } from "../processes/program.ts";
import { lacksMachine } from "./machine.ts";
import { makeServer, makeServingServer, SETUP, snapshot } from "./server.ts";

const lacks = lacksMachine();

const FILES = { kind: "static", public: "site" };
const APP = { kind: "process", start: { web: "exec node app.cjs" } };
const PHP = { kind: "php" };

function appSaying(text: string) {
  return {
    "app.cjs": `require("node:http").createServer((q, a) => {
  let n = 0;
  q.on("data", (d) => (n += d.length)).on("end", () => a.end("${text} " + n));
}).listen(process.env.SOCKET)`,
  };
}

const phpSaying = (text: string) => ({
  "public/index.php": `<?php echo "${text} ", $_SERVER["REQUEST_URI"];`,
});
const pageSaying = (text: string) => ({ "site/index.html": text, "site/module.mjs": "export {}" });

describe.skipIf(lacks)(
  `a machine's nginx, supervisord and PHP-FPM (else skipped: ${lacks})`,
  { timeout: 120_000 },
  () => {
    test("serve static, process and PHP sites beside what they served already", async () => {
      const { machine, deploy, greenroom, running, before, snapshot, workers } = await makeServingServer();
      for (const [project, serve, files] of [
        ["files", FILES, pageSaying],
        ["app", APP, appSaying],
        ["other", { ...APP, user: "nobody" }, appSaying],
        ["php", { ...PHP, user: "nobody" }, phpSaying],
      ] as const) {
        const first = await deploy(project, serve, files("one"));
        expect(first, first.stdout).toMatchObject({ exit: 0, result: { live: true } });
        const page = async (host = `${project}.example`) => (await machine.ask(host)).body;
        expect(await page()).toContain("one");
        const told = workers();
        const second = await deploy(project, serve, files("two"));
        expect(second, second.stdout).toMatchObject({ exit: 0, result: { live: false } });
        expect(await page(new URL(second.result.urls.rehearsal).host)).toContain("two");
        expect(await page()).toContain("one");
        await greenroom("pause");
        const held = page();
        expect(await Promise.race([held, pause(500, "held")])).toBe("held");
        expect(await greenroom("switch")).toMatchObject({ exit: 0 });
        await greenroom("resume");
        expect(await held).toContain("two");
        expect(await page()).toContain("two");
        expect(workers()).toBe(told);
      }
      const upload = await machine.ask("app.example", "/", { method: "POST", size: 3_000_000 });
      expect(upload.body).toBe("two 3000000");
      const module = await machine.ask("files.example", "/module.mjs");
      expect(module.headers["content-type"]).toContain("javascript");
      expect((await machine.ask("nobody.example")).body).toContain("Welcome to nginx");

      expect((await greenroom("setup", "--remove", "--yes")).error?.code).toBe("UP_RUNNING");
      expect(await running.stop()).toBe(0);
      expect(await greenroom("setup", "--remove", "--yes")).toMatchObject({ exit: 0 });
      expect(snapshot()).toBe(before);
      expect((await machine.ask("app.example")).body).toContain("Welcome to nginx");
      expect(machine.sh("supervisorctl", "status").trim()).toBe("");
    });

    test("answer by https with certificates that were given", async () => {
      const { machine, project, deploy } = await makeServingServer();
      const files = makeCertificate(join(project, "tls"), "files", ["DNS:files.example"]);
      const tls = { certificate: "tls/files.pem", key: "tls/files.key" };
      const done = await deploy("files", FILES, pageSaying("one"), { tls });
      expect(done, done.stdout).toMatchObject({ exit: 0 });
      const ca = readFileSync(files.certificate, "utf8");
      expect((await machine.ask("files.example", "/", { ca })).body).toBe("one");
      expect((await machine.ask("files.example")).headers.location).toBe("https://files.example/");
      expect((await machine.ask("nobody.example", "/", { ca })).status).toBe(0);
    });

    test("are set up once: the second time there is nothing to do, and nothing is reloaded", async () => {
      const { deploy, greenroom, running, snapshot, workers } = await makeServingServer();
      await deploy("files", FILES, pageSaying("one"));
      await deploy("app", APP, appSaying("one"));
      await deploy("php", PHP, phpSaying("one"));
      const [before, told] = [snapshot(), workers()];
      expect(await greenroom("setup", ...SETUP)).toMatchObject({ exit: 0, result: { changes: [] } });
      expect([snapshot(), workers()]).toEqual([before, told]);
      const dry = await greenroom("setup", "--listen", "127.0.0.1:8081", "--dry-run");
      expect(dry.result.changes.length).toBeGreaterThan(1);
      expect([snapshot(), workers()]).toEqual([before, told]);
      const early = await greenroom("setup", "--yes", "--listen", "127.0.0.1:8081");
      expect(early.error).toMatchObject({
        code: "UP_RUNNING",
        hint: expect.stringContaining("then greenroom up"),
      });
      expect([snapshot(), workers()]).toEqual([before, told]);
      await running.stop();
      expect(await greenroom("setup", "--yes", "--listen", "127.0.0.1:8081")).toMatchObject({ exit: 0 });
      expect(workers()).not.toBe(told);
    });

    test("move all sites with where they are to listen", async () => {
      const { machine, deploy, greenroom, running } = await makeServingServer();
      await deploy("files", FILES, pageSaying("one"));
      await running.stop();
      const moved = await greenroom("setup", "--yes", "--listen", "127.0.0.1:8081");
      expect(moved, moved.stdout).toMatchObject({ exit: 0 });
      expect((await machine.ask("files.example", "/", { port: 8081 })).body).toBe("one");
      expect((await machine.ask("nobody.example", "/", { port: 8081 })).status).toBe(404);
      expect((await machine.ask("files.example")).body).toContain("Welcome to nginx");
    });

    test("that refuse what they are told go on as before, and nothing of it stays", async () => {
      const { machine, root, deploy, greenroom, running, snapshot: all } = await makeServingServer();
      await deploy("files", FILES, pageSaying("one"));
      await deploy("php", PHP, phpSaying("one"));
      await running.stop();
      writeFileSync(join(machine.dir, "etc/nginx/conf.d/zebra.conf"), "geo $greenroom_x { nonsense }");
      const before = [all(), snapshot(join(root, "nginx"))];
      const refused = await greenroom("setup", "--yes", "--listen", "127.0.0.1:8081");
      expect([refused.exit, refused.error?.code]).toEqual([18, "ROUTER_REFUSED"]);
      expect(refused.error?.detail?.join()).toContain("zebra.conf");
      expect([all(), snapshot(join(root, "nginx"))]).toEqual(before);
      expect((await machine.ask("files.example")).body).toBe("one");
      expect((await machine.ask("php.example", "/x")).body).toBe("one /x");
    });

    test("that are restarted serve as before, also while no greenroom up is there", async () => {
      const { machine, deploy, greenroom, running, up } = await makeServingServer();
      await deploy("files", FILES, pageSaying("one"));
      await deploy("app", APP, appSaying("one"));
      await deploy("php", PHP, phpSaying("one"));
      const answers = async () => {
        await until("all answer", async () => {
          const pages = await Promise.all(
            ["files", "app", "php"].map((name) => machine.ask(`${name}.example`)),
          );
          return pages.every(({ status, body }) => status === 200 && body.startsWith("one"));
        });
      };
      await answers();
      for (const daemon of ["supervisord", "nginx", "php-fpm"] as const) {
        await machine.stop(daemon);
        await machine.start(daemon);
        await answers();
      }
      running.child.kill("SIGKILL");
      for (const daemon of ["supervisord", "nginx", "php-fpm"] as const) {
        await machine.stop(daemon);
        await machine.start(daemon);
        await answers();
      }
      await machine.stop("nginx");
      const { exit, error } = await greenroom("up");
      expect([exit, error?.code, error?.hint]).toEqual([18, "ROUTER_REFUSED", "systemctl start nginx"]);
      await machine.start("nginx");
      await up();
      await answers();
    });

    test("may run as another account, and have been told what we would tell them", async () => {
      const server = await makeServer();
      const conf = join(server.machine.dir, "etc/nginx/nginx.conf");
      const text = readFileSync(conf, "utf8").replace("user www-data", "user nobody mail");
      writeFileSync(
        conf,
        text.replace("# server_names_hash_bucket_size 64", "server_names_hash_bucket_size 128"),
      );
      server.machine.sh("nginx", "-s", "reload");
      expect(await server.greenroom("setup", ...SETUP)).toMatchObject({
        exit: 0,
        result: { machine: { webUser: "nobody:mail" } },
      });
      await server.up();
      for (const [project, serve, files] of [
        ["app", { ...APP, user: "www-data" }, appSaying("one")],
        ["php", { ...PHP, user: "www-data" }, phpSaying("one")],
      ] as const) {
        const done = await server.deploy(project, serve, files);
        expect(done, done.stdout).toMatchObject({ exit: 0 });
        expect((await server.machine.ask(`${project}.example`)).body).toContain("one");
      }
      const files = makeCertificate(join(server.project, "tls"), "files", ["DNS:files.example"]);
      const tls = { certificate: "tls/files.pem", key: "tls/files.key" };
      expect(await server.deploy("files", FILES, pageSaying("one"), { tls })).toMatchObject({ exit: 0 });
      const ca = readFileSync(files.certificate, "utf8");
      expect((await server.machine.ask("files.example", "/", { ca })).body).toBe("one");
    });

    test("learn from greenroom up what nobody told them", async () => {
      const { machine, root, deploy, running, up } = await makeServingServer();
      await deploy("files", FILES, pageSaying("one"));
      await running.stop();
      const conf = join(root, "nginx/sites/files..production.conf");
      const told = readFileSync(conf, "utf8");
      writeFileSync(conf, "# of another version\n");
      await machine.stop("nginx");
      await machine.start("nginx");
      expect((await machine.ask("files.example")).body).toContain("Welcome to nginx");
      await up();
      expect((await machine.ask("files.example")).body).toBe("one");
      expect(readFileSync(conf, "utf8")).toBe(told);
    });

    test("that don't run are told all the same, and serve it once they do", async () => {
      const { machine, deploy, greenroom } = await makeServingServer();
      await deploy("files", FILES, pageSaying("one"));
      await machine.stop("nginx");
      await deploy("files", FILES, pageSaying("two"));
      expect(await greenroom("switch")).toMatchObject({ exit: 0 });
      expect(await deploy("more", FILES, pageSaying("more"))).toMatchObject({ exit: 0 });
      await machine.start("nginx");
      expect((await machine.ask("files.example")).body).toBe("two");
      expect((await machine.ask("more.example")).body).toBe("more");
    });

    test("without anything there yet are tied in and let go again", async () => {
      const { greenroom, snapshot } = await makeServer();
      const before = snapshot();
      expect(await greenroom("setup", ...SETUP)).toMatchObject({ exit: 0 });
      expect(snapshot()).not.toBe(before);
      expect(await greenroom("setup", "--yes", "--remove")).toMatchObject({ exit: 0 });
      expect(await greenroom("setup", "--yes", "--remove")).toMatchObject({
        exit: 0,
        result: { changes: [] },
      });
      expect(snapshot()).toBe(before);
    });
  },
);
