import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createRotation } from "../../../src/serving/logs/rotation.ts";
import { writersOf } from "../../../src/serving/logs/writers.ts";
import { startMaster } from "../../../src/serving/php/master.ts";
import { findFpm, fpmOf } from "../../../src/serving/php/places.ts";
import { readFpmPid } from "../../../src/serving/php/program.ts";
import { lacksMounts, mountMemory } from "../../faults/harness/mounts.ts";
import { compile, until } from "../../processes/program.ts";
import { makeStagedWorld } from "../router/world.ts";
import { hasNginx, isRoot, lines, MACHINE, startSite } from "./world.ts";

const LIMIT = { timeout: 60_000 };
const lacking = lacksMounts();

test.skipIf(!hasNginx || lacking !== null)(
  `on a full disk a log stays as it is, and is moved once there is room (skipped if: ${lacking ?? "no nginx"})`,
  LIMIT,
  async () => {
    const site = await startSite((folder) => {
      const mounted = mountMemory(folder, "1m", 8);
      onTestFinished(() => mounted.unmount());
    });
    const rotation = site.rotation();
    await rotation.round();
    const fill = (name: string) => writeFileSync(join(site.folder, name), "");
    expect(() => ["a", "b", "c", "d", "e", "f", "g", "h"].forEach(fill)).toThrow("ENOSPC");
    await site.visit(10);
    await expect(rotation.round()).rejects.toThrow("ENOSPC");
    await site.visit(1);
    expect(lines(site.log)).toBe(11);
    rmSync(join(site.folder, "a"));
    expect(await rotation.round()).toBe(null);
    await site.visit(1);
    expect([lines(`${site.log}.1`), lines(site.log)]).toEqual([11, 1]);
  },
);

test.skipIf(!hasNginx)(
  "what is in the way of one environment's log keeps no other from being moved (else skipped: needs nginx)",
  LIMIT,
  async () => {
    const site = await startSite();
    const rotation = site.rotation();
    mkdirSync(join(`${site.log}.1`, "taken"), { recursive: true });
    mkdirSync(join(`${site.log}.2`, "taken"), { recursive: true });
    const own = join(site.root, "nginx/error.log");
    appendFileSync(own, "x".repeat(2000));
    await site.visit(10);
    const once = site.rotation(1000, 2);
    await expect(once.round()).rejects.toThrow("ENOTEMPTY");
    expect([statSync(own).size, statSync(`${own}.1`).size]).toEqual([0, 2000]);
    expect(statSync(own).mode & 0o777).toBe(0o640);
    expect(lines(site.log)).toBe(10);
    rmSync(`${site.log}.1`, { recursive: true });
    expect(await rotation.round()).toBe(null);
    expect(lines(`${site.log}.1`)).toBe(10);
  },
);

test.skipIf(!hasNginx || !isRoot || spawnSync("setpriv", ["--version"]).error)(
  "where nobody lets us look who writes, what still grows tells (else skipped: needs nginx, root and setpriv)",
  LIMIT,
  async () => {
    const site = await startSite();
    const program = await compile(`
      import { createRotation } from "src/serving/logs/rotation.ts";
      import { writersOf } from "src/serving/logs/writers.ts";
      const machine = ${JSON.stringify(MACHINE(1000, 5))};
      const root = ${JSON.stringify(site.root)};
      console.log(await createRotation(root, writersOf(root, machine)[0], machine.logs).round());
    `);
    const roundBlind = () => {
      const argv = ["--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace", process.execPath, program];
      return spawnSync("setpriv", argv, { encoding: "utf8" });
    };
    await site.visit(10);
    expect(roundBlind()).toMatchObject({ stdout: "null\n", status: 0 });
    await site.visit(1);
    expect([lines(`${site.log}.1`), lines(site.log)]).toEqual([10, 1]);
  },
);

test.skipIf(!findFpm())(
  "PHP-FPM's own log is rotated likewise (else skipped: needs PHP-FPM)",
  LIMIT,
  async () => {
    const user = isRoot ? "nobody" : null;
    const limits = { memory: 2 ** 26, upload: 2 ** 20, time: 5000, workers: 2, confined: false, ini: {} };
    const { root } = makeStagedWorld({
      kind: "php",
      public: ".",
      front: null,
      health: "/",
      user,
      php: limits,
    });
    const fpm = fpmOf(root, true);
    const master = await startMaster(root, fpm, () => {});
    onTestFinished(() => master.close());
    await until("PHP-FPM runs", () => readFpmPid(fpm) !== null);
    await until("it has said so", () => readFileSync(fpm.errors, "utf8").includes("ready to handle"));
    const machine = MACHINE(1000, 5);
    const writer = writersOf(root, machine).find(({ name }) => name === "PHP-FPM")!;
    const rotation = createRotation(root, writer, machine.logs);
    appendFileSync(fpm.errors, "x".repeat(2000));
    expect(await rotation.round()).toBe(null);
    expect(statSync(`${fpm.errors}.1`).size).toBeGreaterThan(2000);
    expect(readFileSync(fpm.errors, "utf8")).toContain("re-opened");
    // Without a word to it, it goes on in the old one.
    renameSync(fpm.errors, `${fpm.errors}.2`);
    process.kill(readFpmPid(fpm)!, "SIGUSR2");
    await until("it has begun anew", () => readFileSync(`${fpm.errors}.2`, "utf8").includes("reloading"));
  },
);
