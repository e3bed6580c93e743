// npm run check: what a reader would stumble over, found by machines.
import { spawnSync } from "node:child_process";
import { home, setUp } from "./setup.mjs";

setUp();
const CHECKS = {
  types: ["tsc"],
  "format and lint": ["biome", "ci", "."],
  "lint with types, and the direction of imports": [
    "oxlint",
    "--type-aware",
    "--deny-warnings",
    "src",
    "test",
    "bench",
  ],
  "unused code": ["knip"],
  package: ["publint", "--strict"],
  "lockfile, as a new checkout installs it": ["npm", "ci", "--dry-run", "--ignore-scripts", "--silent"],
  "pages made from the source": ["node", "scripts/pages.mjs", "--check"],
};

let failed = 0;
for (const [what, argv] of Object.entries(CHECKS)) {
  const started = performance.now();
  const { status } = spawnSync("npx", ["--no", "--", ...argv], { cwd: home, stdio: "inherit" });
  const took = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  console.log(`${status === 0 ? "passed" : "FAILED"}  ${what} (${took})`);
  if (status !== 0) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;
