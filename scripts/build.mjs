// Bundles the whole program into one file.
import { chmod, readFile } from "node:fs/promises";
import { build } from "rolldown";

const { version } = JSON.parse(await readFile("package.json", "utf8"));

await build({
  input: "src/cli.ts",
  platform: "node",
  // The ES module of a package, where it has one: what remains of a CommonJS one can't be bundled into this file.
  // Handlebars does without its source maps where they are missing.
  resolve: { mainFields: ["module", "main"], alias: { "source-map": false } },
  transform: { define: { __VERSION__: JSON.stringify(version) } },
  output: { file: "dist/greenroom.mjs", format: "esm", codeSplitting: false, minify: true, keepNames: true },
  logLevel: "warn",
});
await chmod("dist/greenroom.mjs", 0o755);
