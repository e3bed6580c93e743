// What a checkout needs before anything in it runs. Only Node's own modules: nothing is installed yet.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const home = dirname(dirname(fileURLToPath(import.meta.url)));
export const greenroom = join(home, "dist", "greenroom.mjs");

/** Installs the packages that package-lock.json names, and bundles the sources, where that isn't done yet. */
export function setUp() {
  process.chdir(home);
  assertNode();
  if (isOlder("node_modules/.package-lock.json", ["package-lock.json"])) {
    run("npm", ["ci", "--no-audit", "--no-fund"]);
  } else if (isOlder("dist/greenroom.mjs", [...filesBelow("src"), "package.json", "scripts/build.mjs"])) {
    run(process.execPath, ["scripts/build.mjs"]);
  }
}

export function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

function assertNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`error  Node ${process.versions.node} is too old\ntry    install Node 20.19 or newer`);
  process.exit(2);
}

function isOlder(made, sources) {
  if (!existsSync(made)) return true;
  const { mtimeMs } = statSync(made);
  return sources.some((source) => statSync(source).mtimeMs > mtimeMs);
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
