// npm run bench [NAME …]: bundles the benchmarks and runs them.
import { build } from "rolldown";
import { run, setUp } from "./setup.mjs";

setUp();
await build({
  input: "bench/run.ts",
  platform: "node",
  output: { file: "dist/bench.mjs", format: "esm", codeSplitting: false },
  logLevel: "warn",
});
run(process.execPath, ["dist/bench.mjs", ...process.argv.slice(2)]);
