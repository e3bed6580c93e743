// npm test: everything that it needs, then everything there is. `--long`: every point of the fault tests.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { run, setUp } from "./setup.mjs";

/** Debian packages by the program that tests need of them. Where one can't be had, its tests skip and say so. */
const PACKAGES = {
  strace: "strace",
  ssh: "openssh-client",
  sshd: "openssh-server",
  "mkfs.xfs": "xfsprogs",
  nginx: "nginx-light",
  supervisord: "supervisor",
  pebble: "pebble",
  openssl: "openssl",
  ip: "iproute2",
  "php-fpm": "php-fpm php-cli",
  rsync: "rsync",
  wrk: "wrk",
  debootstrap: "debootstrap",
};

/** What `--long` has more of. */
const LONG = [
  "test/faults",
  "test/e2e/switch-load.test.ts",
  "test/servers/cuts.test.ts",
  "test/servers/faults.test.ts",
  "test/servers/bind.test.ts",
  "test/e2e/nginx-load.test.ts",
  "test/e2e/nginx-process-load.test.ts",
  "test/e2e/canary-load.test.ts",
  "test/disk/contention.test.ts",
];

setUp();
installPackages();
const [first, ...rest] = process.argv.slice(2);
const long = first === "--long";
const chosen = long && rest.length === 0 ? LONG : long ? rest : process.argv.slice(2);
run("npx", ["vitest", "run", ...chosen], long ? { GREENROOM_FAULTS: "long" } : {});

function installPackages() {
  const missing = Object.keys(PACKAGES).filter((program) => !has(program));
  if (missing.length === 0 || process.getuid?.() !== 0 || !isDebian()) return;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const packages = missing.flatMap((program) => PACKAGES[program].split(" "));
  for (const args of [
    ["update", "-q"],
    ["install", "-y", "-q", "--no-install-recommends", ...packages],
  ]) {
    // Not fatal: what stays missing makes its tests skip, by name.
    spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env });
  }
}

/** Debian's name of PHP-FPM ends with its version. */
function has(program) {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin"].filter((folder) =>
    existsSync(folder),
  );
  const isIt = (name) => name === program || (program === "php-fpm" && /^php-fpm\d/.test(name));
  return folders.some((folder) => readdirSync(folder).some(isIt));
}

function isDebian() {
  return (
    existsSync("/etc/os-release") &&
    /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync("/etc/os-release", "utf8"))
  );
}
