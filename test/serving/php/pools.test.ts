import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { PhpServing } from "../../../src/environment/spec.ts";
import { type Fpm, findFpm } from "../../../src/serving/php/places.ts";
import { dropPools, forgetPools, settlePools } from "../../../src/serving/php/pools.ts";
import { reach } from "../../../src/serving/php/preview.ts";
import { readFpmPid } from "../../../src/serving/php/program.ts";
import { iniValue } from "../../../src/serving/php/quote.ts";
import { makeStagedWorld } from "../router/world.ts";

const php = findFpm();
const user = process.getuid?.() === 0 ? "nobody" : null;
const PHP: PhpServing = {
  kind: "php",
  public: ".",
  front: null,
  health: "/",
  user,
  php: {
    memory: 2 ** 26,
    upload: 2 ** 20,
    time: 5000,
    workers: 2,
    confined: false,
    ini: { "date.timezone": "Asia/Tokyo" },
  },
};

/** A machine's own PHP-FPM, as Debian sets one up, with a pool of somebody else's. */
async function startMachine(dir: string): Promise<Fpm> {
  const fpm = {
    program: php!.program,
    args: ["-y", join(dir, "php-fpm.conf")],
    pools: join(dir, "pool.d"),
    pid: join(dir, "fpm.pid"),
    errors: join(dir, "fpm.log"),
    start: "systemctl start php-fpm",
  };
  mkdirSync(fpm.pools, { recursive: true });
  const other = `[www]\nlisten = ${dir}/www.sock\npm = ondemand\npm.max_children = 1\n${user ? `user = ${user}\n` : ""}`;
  writeFileSync(join(fpm.pools, "www.conf"), other);
  writeFileSync(
    fpm.args[1]!,
    `[global]\npid = ${fpm.pid}\nerror_log = ${fpm.errors}\ndaemonize = no\ninclude = ${fpm.pools}/*.conf\n`,
  );
  const child = spawn(fpm.program, ["-F", ...fpm.args], { stdio: "ignore" });
  onTestFinished(async () => {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
  });
  while (readFpmPid(fpm) === null) await new Promise((resume) => setTimeout(resume, 10));
  return fpm;
}

function makeWorld() {
  const world = makeStagedWorld(PHP);
  chmodSync(world.root, 0o755);
  return world;
}

const ours = ({ pools }: Fpm) =>
  readdirSync(pools)
    .filter((name) => name.startsWith("greenroom-"))
    .sort();

describe.skipIf(!php)("pools of a machine's PHP-FPM (else skipped: needs PHP-FPM)", () => {
  test("come with an environment, are told of once, and go with it; others' are let be", async () => {
    const { root, site } = makeWorld();
    const fpm = await startMachine(join(root, "machine"));
    const pid = readFpmPid(fpm);
    await settlePools(fpm, site);
    expect(ours(fpm)).toEqual([
      "greenroom-shop..production.blue.conf",
      "greenroom-shop..production.green.conf",
    ]);
    expect(statSync(join(site.dir, "run/php.blue.sock")).isSocket()).toBe(true);
    expect(statSync(join(fpm.pools, ours(fpm)[0]!)).mode & 0o777).toBe(0o600);
    const said = readFileSync(fpm.errors, "utf8");
    await settlePools(fpm, site);
    expect(readFileSync(fpm.errors, "utf8")).toBe(said);
    await forgetPools(fpm, site);
    expect(ours(fpm)).toEqual([]);
    expect(existsSync(join(site.dir, "run/php.blue.sock"))).toBe(false);
    await settlePools(fpm, site);
    await dropPools(fpm, root);
    expect(readdirSync(fpm.pools)).toEqual(["www.conf"]);
    expect(readFpmPid(fpm)).toBe(pid);
  });

  test("that are refused were never there", async () => {
    const { root, site } = makeWorld();
    const fpm = await startMachine(join(root, "machine"));
    await settlePools(fpm, site);
    const before = ours(fpm).map((name) => readFileSync(join(fpm.pools, name), "utf8"));
    const worse = structuredClone(PHP);
    worse.php.workers = 0;
    makeRelease(worse);
    await expect(settlePools(fpm, site)).rejects.toMatchObject({ code: "ROUTER_REFUSED" });
    expect(ours(fpm).map((name) => readFileSync(join(fpm.pools, name), "utf8"))).toEqual(before);
    expect(readFpmPid(fpm)).not.toBe(null);

    function makeRelease(serve: PhpServing) {
      const spec = { project: "shop", environment: "production", serve, storage: [] };
      writeFileSync(join(site.dir, "config/2026.11.21.2.json"), JSON.stringify(spec));
    }
  });

  test("of another root are in the way, and said to be", async () => {
    const [one, other] = [makeWorld(), makeWorld()];
    const fpm = await startMachine(join(one.root, "machine"));
    await settlePools(fpm, one.site);
    await expect(settlePools(fpm, other.site)).rejects.toMatchObject({ code: "FILE_EXISTS" });
    await dropPools(fpm, other.root);
    expect(ours(fpm)).toHaveLength(2);
  });

  test("of a PHP-FPM that doesn't run: says how it is started", async () => {
    const { root, site } = makeWorld();
    const fpm = await startMachine(join(root, "machine"));
    await expect(settlePools({ ...fpm, pid: "/nowhere" }, site)).rejects.toMatchObject({
      code: "UP_NOT_RUNNING",
      hint: "systemctl start php-fpm",
    });
    expect(ours(fpm)).toEqual([]);
  });
});

test("any text of one line is one value", () => {
  expect(iniValue("plain")).toBe("'plain'");
  expect(iniValue('it\'s "x" ${HOME} \\')).toBe(`'it'"'"'s "x" \${HOME} \\'`);
  expect(iniValue("''a''")).toBe(`"''"'a'"''"`);
});

test.each([
  ["8080", "127.0.0.1", 8080],
  ["0.0.0.0:80", "127.0.0.1", 80],
  ["192.0.2.1:80", "192.0.2.1", 80],
  ["[::]:80", "::1", 80],
  ["[::1]:81", "::1", 81],
])("nginx on %s is reached at %s", (listen, host, port) => {
  expect(reach(listen)).toEqual({ host, port });
});
