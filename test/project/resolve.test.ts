import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Project, parseProject } from "../../src/project/load.ts";
import { chooseEnvironment, resolveSpec } from "../../src/project/resolve.ts";
import { projectJsonSchema } from "../../src/project/schema-json.ts";
import { errorOf } from "../environment/world.ts";
import { temporaryFolder } from "../release/world.ts";

const BOTH = {
  production: { domain: "shop.localhost", values: { db: "live" }, env: { MODE: "live", A: "1" } },
  staging: { domain: "staging.localhost", values: { db: "test" } },
};

function project(more: object = {}): Project {
  const dir = temporaryFolder();
  writeFileSync(join(dir, "t.hbs"), "{{project}} {{environment}} {{domain}} {{db}}");
  return { dir, file: parseProject(JSON.stringify({ project: "shop", environments: BOTH, ...more })) };
}

describe("the environment that is meant", () => {
  test("is the one named, or the only one", () => {
    expect(chooseEnvironment(project(), "staging")).toBe("staging");
    expect(chooseEnvironment(project({ environments: { one: { domain: "x.localhost" } } }), undefined)).toBe(
      "one",
    );
  });

  test("must be named where there are several", () => {
    const error = errorOf(() => chooseEnvironment(project(), undefined));
    expect([error.code, error.message, error.hint]).toEqual([
      "USAGE",
      "the project has several environments: production, staging",
      "name one of: production, staging",
    ]);
  });

  test("is suggested where it is misspelt", () => {
    const error = errorOf(() => chooseEnvironment(project(), "prodution"));
    expect([error.code, error.message]).toEqual([
      "ENVIRONMENT_UNKNOWN",
      'greenroom.json has no environment "prodution"; did you mean production?',
    ]);
    expect(errorOf(() => chooseEnvironment(project(), "toString")).code).toBe("ENVIRONMENT_UNKNOWN");
  });
});

describe("a specification", () => {
  test("has the environment's values in its config files, and its variables over the project's", () => {
    const given = project({ config: { "config/a": "t.hbs" }, env: { MODE: "any", B: "2" } });
    const spec = resolveSpec(given, "production");
    expect(spec.config).toEqual([{ path: "config/a", content: "shop production shop.localhost live" }]);
    expect(spec.env).toEqual({ MODE: "live", A: "1", B: "2" });
    expect(resolveSpec(given, "staging").config[0]?.content).toBe("shop staging staging.localhost test");
    expect(spec).not.toHaveProperty("values");
  });

  test("asks whether a release is far smaller, unless the project says how much it may be", () => {
    expect(resolveSpec(project(), "production").checks).toEqual([{ shrinks: 50 }]);
    expect(resolveSpec(project({ checks: [{ shrinks: "90%" }] }), "production").checks).toEqual([
      { shrinks: 90 },
    ]);
    const files = { files: ["a"] };
    expect(resolveSpec(project({ checks: [files] }), "production").checks).toEqual([{ shrinks: 50 }, files]);
  });

  test("is plain data, which may travel", () => {
    const spec = resolveSpec(project(), "production");
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  });
});

test("the schema for editors knows every key, and what each is for", () => {
  const schema = projectJsonSchema() as { properties: Record<string, unknown>; required: string[] };
  expect(Object.keys(schema.properties)).toEqual(
    expect.arrayContaining([
      "$schema",
      "project",
      "build",
      "serve",
      "storage",
      "config",
      "tasks",
      "checks",
      "hooks",
      "environments",
    ]),
  );
  expect(schema.required.sort()).toEqual(["environments", "project"]);
});
