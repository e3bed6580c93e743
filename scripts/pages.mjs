// Writes the pages that are made from the source; with --check, fails if one of them is out of date.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { greenroom, home } from "./setup.mjs";

process.chdir(home);
const pages = {
  "greenroom.schema.json": ask(["schema"]),
  "docs/exit-codes.md": ask(["exit-codes"]),
};
const check = process.argv.includes("--check");
const stale = Object.entries(pages).filter(
  ([path, text]) => !existsSync(path) || readFileSync(path, "utf8") !== text,
);
if (!check) for (const [path, text] of stale) writeFileSync(path, text);
for (const [path] of stale)
  console.log(check ? `${path} is out of date; try: npm run pages` : `written: ${path}`);
process.exitCode = check && stale.length > 0 ? 1 : 0;

function ask(argv) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [greenroom, ...argv], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}
