// Bundles the whole program into one file, and what hardly any command needs into another.
import { chmod, readFile } from "node:fs/promises";
import { build } from "rolldown";

const { version } = JSON.parse(await readFile("package.json", "utf8"));

// Twice the program's size: whoever never orders a certificate shouldn't have it parsed at every start.
const acme = { source: "acme-client", file: "acme-client.mjs" };
await build({
  input: acme.source,
  platform: "node",
  output: { file: `dist/${acme.file}`, format: "esm", codeSplitting: false, minify: true, keepNames: true },
  logLevel: "warn",
});

await build({
  input: "src/cli.ts",
  plugins: [
    {
      name: "beside",
      resolveId: (source) => (source === acme.source ? { id: `./${acme.file}`, external: true } : null),
    },
  ],
  platform: "node",
  // The ES module of a package, where it has one: what remains of a CommonJS one can't be bundled into this file.
  // Handlebars does without its source maps where they are missing.
  resolve: { mainFields: ["module", "main"], alias: { "source-map": false } },
  transform: { define: { __VERSION__: JSON.stringify(version) } },
  output: { file: "dist/greenroom.mjs", format: "esm", codeSplitting: false, minify: true, keepNames: true },
  logLevel: "warn",
});
await chmod("dist/greenroom.mjs", 0o755);
