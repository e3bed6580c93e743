import { execFileSync } from "node:child_process";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { lacksMachine } from "./machine.ts";
import { makeServingServer, type Server } from "./server.ts";

const lacks = lacksMachine();

/** Says who it is, keeps a secret, and opens whatever path it is asked for. */
const PRYING = `const { readFileSync, writeFileSync } = require("node:fs");
require("node:http").createServer((asked, answer) => {
  const path = decodeURIComponent(asked.url.slice(1));
  if (path === "keep") writeFileSync("uploads/kept.txt", "kept");
  try {
    answer.end(path.startsWith("/") ? readFileSync(path) : process.getuid() + "");
  } catch (error) {
    answer.end(error.code);
  }
}).listen(process.env.SOCKET);`;

const SERVE = { kind: "process", start: { web: "exec node app.cjs" } };
const FILES = {
  "app.cjs": PRYING,
  "secret.txt.tpl": "{{word}}",
  "uploads/first.txt": "first",
  "public/uploads/shown.txt": "shown",
};
const MORE = {
  values: { word: "sesame" },
  config: { "secret.txt": "secret.txt.tpl" },
  storage: ["uploads", "public/uploads"],
};

async function deploy(server: Server, project: string, serve: object) {
  const { values, ...rest } = MORE;
  server.write({
    "greenroom.json": {
      project,
      serve,
      ...rest,
      environments: { production: { domain: `${project}.example`, values } },
    },
    ...FILES,
  });
  const done = await server.greenroom("deploy");
  expect(done, done.stdout).toMatchObject({ exit: 0 });
  return done;
}

const site = ({ root }: Server, project: string, ...path: string[]) =>
  join(root, "sites", project, "production", ...path);

describe.skipIf(lacks)(`on a server's own parts (else skipped: ${lacks})`, { timeout: 120_000 }, () => {
  test("an environment's programs have an account to themselves, and get at nobody else's", async () => {
    const server = await makeServingServer();
    const { machine } = server;
    await deploy(server, "one", { ...SERVE, public: "public" });
    await deploy(server, "two", SERVE);
    const ask = async (project: string, path = "/") =>
      (await machine.ask(`${project}.example`, path[1] === "/" ? encodeURI(path) : path)).body;

    const accounts = machine.sh("cat", "/etc/passwd");
    expect(accounts).toMatch(/^gr_one_production:x:5\d{4}:5\d{4}:.*:\/nonexistent:\/usr\/sbin\/nologin$/m);
    const uidOf = (name: string) => machine.sh("id", "-u", name).trim();
    expect(await ask("one")).toBe(uidOf("gr_one_production"));
    expect(await ask("two")).toBe(uidOf("gr_two_production"));
    expect(uidOf("gr_one_production")).not.toBe(uidOf("gr_two_production"));

    const secret = realpathSync(site(server, "one", "blue", "secret.txt"));
    expect(await ask("one", `/${secret}`)).toBe("sesame");
    expect(await ask("two", `/${secret}`)).toBe("EACCES");

    await ask("one", "/keep");
    const kept = site(server, "one", "storage/uploads/kept.txt");
    expect(await ask("one", `/${kept}`)).toBe("kept");
    expect(await ask("two", `/${kept}`)).toBe("EACCES");
    expect(await ask("one", "/uploads/shown.txt")).toBe("shown");
    expect(statSync(site(server, "one", "storage/uploads")).mode & 0o777).toBe(0o750);
  });

  test("what visitors may see of what is rendered is read by nginx, whoever the site's programs are", async () => {
    const server = await makeServingServer();
    const { machine, write, greenroom } = server;
    const config = { "site/robots.txt": "robots.tpl", "secret.txt": "robots.tpl" };
    write({
      "greenroom.json": {
        project: "files",
        serve: { kind: "static", public: "site" },
        config,
        tasks: { who: { run: "id -un" } },
        checks: [{ task: "who" }],
        environments: { production: { domain: "files.example" } },
      },
      "robots.tpl": "for {{domain}}",
      "site/index.html": "page",
    });
    expect(await greenroom("deploy")).toMatchObject({ exit: 0 });
    expect((await machine.ask("files.example", "/robots.txt")).body).toBe("for files.example");
    expect(statSync(realpathSync(site(server, "files", "blue", "secret.txt"))).mode & 0o777).toBe(0o640);
    // A site without programs has no account of its own, and its tasks are nobody's.
    expect(readFileSync(site(server, "files", "log/task-who.log"), "utf8")).toContain("nobody");
    expect(machine.sh("cat", "/etc/passwd")).not.toContain("gr_files");
    expect(statSync(site(server, "files", "run/blue.checks.json")).mode & 0o777).toBe(0o640);
  });

  test("a dry run makes no account, and says that there would be one", async () => {
    const server = await makeServingServer();
    server.write({
      "greenroom.json": {
        project: "shop",
        serve: SERVE,
        environments: { production: { domain: "shop.example" } },
      },
      ...FILES,
    });
    const before = readFileSync(join(server.machine.dir, "etc/passwd"), "utf8");
    const { result } = await server.greenroom("deploy", "--dry-run");
    expect(result.plan[0]).toBe("make the account gr_shop_production");
    expect(readFileSync(join(server.machine.dir, "etc/passwd"), "utf8")).toBe(before);
  });

  test("one that can't be made is refused before anything is, and so is storage of another owner", async () => {
    const server = await makeServingServer();
    const { machine, greenroom } = server;
    server.write({
      "greenroom.json": {
        project: "shop",
        serve: SERVE,
        storage: ["uploads"],
        environments: { production: { domain: "shop.example" } },
      },
      ...FILES,
    });
    machine.sh("mount", "--bind", "-o", "ro", "/etc", "/etc");
    machine.sh("mount", "-o", "remount,ro,bind", "/etc");
    const refused = await greenroom("deploy");
    expect(refused).toMatchObject({ exit: 20, error: { code: "ACCOUNT_REFUSED" } });
    machine.sh("umount", "/etc");
    expect(await greenroom("deploy")).toMatchObject({ exit: 0 });
    execFileSync("chown", ["-R", "www-data", site(server, "shop", "storage/uploads")]);
    server.write({ "more.txt": "more" });
    const foreign = await greenroom("deploy", "--switch");
    expect(foreign).toMatchObject({ exit: 20, error: { code: "ACCOUNT_REFUSED" } });
    expect(foreign.stdout).toMatch(/uploads belongs to account 33.*chown -R gr_shop_production/);
  });
});
