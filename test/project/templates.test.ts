import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { renderConfig, renderTemplate } from "../../src/project/templates.ts";
import { errorOf } from "../environment/world.ts";
import { temporaryFolder } from "../release/world.ts";

const render = (text: string, values: object = { db: "shop", deep: { a: 1, empty: "" }, list: ["x", "y"] }) =>
  renderTemplate(text, "deploy/db.hbs", values);
const refused = (text: string) => errorOf(() => render(text));

describe("a template", () => {
  test("is filled in, and nothing in it escaped", () => {
    expect(render("{{db}} {{deep.a}} {{#each list}}{{this}}{{/each}}{{#if deep.empty}}no{{/if}}")).toBe(
      "shop 1 xy",
    );
    expect(render("{{db}}", { db: `<'"&>` })).toBe(`<'"&>`);
    expect(render("plain \\ text\n")).toBe("plain \\ text\n");
  });

  const unknown: [string, string][] = [
    ["{{nope}}", "deploy/db.hbs, line 1, column 3: nope is not defined"],
    ["first\n  {{db}} {{nope}}", "deploy/db.hbs, line 2, column 12: nope is not defined"],
    ["{{deep.nope}}", "deploy/db.hbs, line 1, column 3: deep.nope is not defined"],
    [
      "a\n\n{{#each list}}\n  {{this}} {{nope.deep}}{{/each}}",
      "deploy/db.hbs, line 4, column 14: nope.deep is not defined",
    ],
    ["{{db.host}}", "deploy/db.hbs, line 1, column 3: db.host is not defined"],
    ["\n{{db}}{{ deep.a.b }}", "deploy/db.hbs, line 2, column 10: deep.a.b is not defined"],
  ];
  test.each(unknown)("with an unknown name says file, line, column and name: %j", (text, message) => {
    const error = refused(text);
    expect([error.code, error.message]).toEqual(["CONFIG_INVALID", message]);
    expect(error.hint).toContain("values");
  });

  test.each(["{{#if db}}", "{{db", "{{#each}}{{/if}}"])(
    "that is broken is refused with its name: %j",
    (text) => {
      const error = refused(text);
      expect(error.code).toBe("CONFIG_INVALID");
      expect(error.message).toMatch(/^deploy\/db\.hbs: /);
      expect(error.message).not.toContain("\n");
    },
  );
});

describe("config files", () => {
  test("are rendered from the project's templates", () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, "t.hbs"), "db={{db}}");
    expect(renderConfig(dir, { "config/a": "t.hbs" }, { db: "shop" })).toEqual([
      { path: "config/a", content: "db=shop" },
    ]);
  });

  test("whose template isn't there are refused by its name", () => {
    const error = errorOf(() => renderConfig(temporaryFolder(), { a: "nowhere.hbs" }, {}));
    expect([error.code, error.message]).toEqual(["CONFIG_INVALID", "the template nowhere.hbs can't be read"]);
  });
});
