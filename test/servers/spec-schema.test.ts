import { expect, test } from "vitest";
import { parseProject } from "../../src/project/load.ts";
import { resolveSpec } from "../../src/project/resolve.ts";
import { specSchema } from "../../src/servers/spec-schema.ts";
import { temporaryFolder } from "../release/world.ts";

const TASKS = { tasks: { warm: { run: "true" } }, hooks: { "before:switch": ["warm"] } };
const keys = { certificate: "/etc/a.pem", key: "/etc/a.key" };
const production = (more: object) => ({
  environments: { production: { domain: "shop.example.com", ...more } },
});

test.each([
  ["nothing but a name", production({})],
  [
    "files with headers",
    { serve: { kind: "static", headers: { A: "b", C: null }, immutable: ["x"] }, ...production({}) },
  ],
  [
    "an app",
    {
      serve: { kind: "process", start: { web: "x", worker: "y" }, public: "p" },
      storage: ["up"],
      ...production({}),
    },
  ],
  ["PHP", { serve: { kind: "php", php: { ini: { a: true } } }, env: { A: "1" }, ...production({}) }],
  [
    "tasks and checks",
    {
      ...TASKS,
      checks: [{ http: "/", contains: "x" }, { files: ["a"] }, { shrinks: "9%" }, { task: "warm" }],
      ...production({}),
    },
  ],
  ["ACME", production({ tls: "acme", previews: "open", subdomains: true })],
  ["a wildcard", production({ tls: { certificate: "acme", previews: "acme" } })],
  ["given certificates", production({ tls: { ...keys, previews: keys } })],
])("an environment with %s goes over a line as it is", (_, file) => {
  const project = {
    dir: temporaryFolder(),
    file: parseProject(JSON.stringify({ project: "shop", ...file })),
  };
  const spec = resolveSpec(project, "production");
  expect(specSchema.parse(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
});

test.each([
  [
    "a check of another server",
    { checks: [{ http: "//127.0.0.1:1/x", status: 200, contains: null, within: 1 }] },
  ],
  ["one by a backslash", { checks: [{ http: "/\\127.0.0.1:1/x", status: 200, contains: null, within: 1 }] }],
  ["a hook of no task", { hooks: { "before:switch": ["nothing"] } }],
  ["a check of no task", { checks: [{ task: "nothing" }] }],
  [
    "tasks in a ring",
    { tasks: { a: { run: "true", on: "rehearsal", timeout: 1, needs: ["a"] } }, hooks: {}, checks: [] },
  ],
  ["a timeout without end", { tasks: { a: { run: "true", on: "rehearsal", timeout: 1e300, needs: [] } } }],
])("an environment with %s doesn't", (_, more) => {
  const file = { project: "shop", ...production({}) };
  const project = { dir: temporaryFolder(), file: parseProject(JSON.stringify(file)) };
  const spec = resolveSpec(project, "production");
  expect(specSchema.safeParse(spec).success).toBe(true);
  expect(specSchema.safeParse({ ...spec, ...more }).success).toBe(false);
});
