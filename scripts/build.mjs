// Bundles the whole program into one file, and what hardly any command needs into another.
import { chmod, readFile } from "node:fs/promises";
import { build } from "rolldown";

const { version } = JSON.parse(await readFile("package.json", "utf8"));

// Twice the program's size: whoever never orders a certificate shouldn't have it parsed at every start.
const LATE = ["node:crypto", "node:http", "node:https", "node:zlib", "node:readline", "node:net", "node:tty"];
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
    lateBuiltins(),
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

// An import of one of Node's own modules is carried out at every start, whoever needs it. What hardly any start needs is
// asked of Node when the part of the program runs that does.
function lateBuiltins() {
  const prefix = "\0late:";
  return {
    name: "late-builtins",
    resolveId: (source) => (LATE.includes(source) ? { id: prefix + source, moduleSideEffects: false } : null),
    load(id) {
      if (!id.startsWith(prefix)) return null;
      const name = id.slice(prefix.length);
      const exported = Object.keys(process.getBuiltinModule(name)).filter((key) => key !== "default");
      const lines = exported.map((key) => `export const ${key} = /* @__PURE__ */ $get("${key}");`);
      return `const $module = process.getBuiltinModule("${name}");
const $get = (key) => $module[key];
export default $module;
${lines.join("\n")}`;
    },
  };
}
