// Bundles the whole program into one file, and writes the JSON Schema that editors read.
import { execFileSync } from "node:child_process";
import { chmod, readFile } from "node:fs/promises";
import { build } from "rolldown";

const { version } = JSON.parse(await readFile("package.json", "utf8"));

await build({
  input: "src/cli.ts",
  platform: "node",
  resolve: { mainFields: ["module", "main"] },
  transform: { define: { __VERSION__: JSON.stringify(version) } },
  output: {
    file: "dist/greenroom.mjs",
    format: "esm",
    codeSplitting: false,
    minify: { compress: true, mangle: { keepNames: true }, codegen: { removeWhitespace: true } },
  },
  logLevel: "warn",
});
await chmod("dist/greenroom.mjs", 0o755);
execFileSync(process.execPath, ["dist/greenroom.mjs", "schema", "--write", "greenroom.schema.json"]);
