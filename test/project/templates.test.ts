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

  const deep: [string, string][] = [
    ["closed", "{{#if db}}".repeat(3000) + "{{/if}}".repeat(3000)],
    ["left open", "{{#if db}}".repeat(20_000)],
    ["spelt otherwise", "{{~ #if db}}{{^ db}}".repeat(20_000)],
    ["one after the other", `{{#if db}}${"{{else if db}}".repeat(20_000)}{{/if}}`],
    ["in parentheses", `{{lookup ${"(lookup ".repeat(20_000)}db`],
  ];
  test.each(deep)("that nests without end, %s, is refused at once", (_, text) => {
    const begun = performance.now();
    expect(refused(text)).toMatchObject({ code: "CONFIG_INVALID" });
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  test("may nest as people do, and as often as they like side by side", () => {
    expect(render("{{#if db}}{{#if db}}x{{else if deep}}y{{^}}z{{/if}}{{/if}}".repeat(500))).toBe(
      "x".repeat(500),
    );
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
    ["{{constructor}}", "deploy/db.hbs, line 1, column 3: constructor is not defined"],
    ["{{db}}\n{{__proto__}}", "deploy/db.hbs, line 2, column 3: __proto__ is not defined"],
    ["{{deep.toString}}", "deploy/db.hbs, line 1, column 3: deep.toString is not defined"],
    ["{{list.constructor}}", "deploy/db.hbs, line 1, column 3: list.constructor is not defined"],
    ["{{log}}", "deploy/db.hbs, line 1, column 3: log is not defined"],
    ["{{db}} {{log db}}", "deploy/db.hbs, line 1, column 10: log is not defined"],
    ["\n{{db}}{{ deep.a.b }}", "deploy/db.hbs, line 2, column 10: deep.a.b is not defined"],
  ];
  test.each(unknown)("with an unknown name says file, line, column and name: %j", (text, message) => {
    const error = refused(text);
    expect([error.code, error.message]).toEqual(["CONFIG_INVALID", message]);
    expect(error.hint).toContain("values");
  });

  const broken: [string, string][] = [
    ["{{#if db}}", "line 1: what stands there isn't finished"],
    ["\n{{db", "line 2: what stands there isn't finished"],
    ["\n {{#each list}}{{/if}}", "line 2, column 5: each doesn't match if"],
    ["x{{#each}}{{/each}}", "line 1, column 4: Must pass iterator to #each"],
    ["\n{{> part}}", "line 2, column 5: The partial part could not be found"],
  ];
  test.each(broken)("that is broken is refused with file and line: %j", (text, message) => {
    const error = refused(text);
    expect([error.code, error.message]).toEqual(["CONFIG_INVALID", `deploy/db.hbs, ${message}`]);
  });

  test("may name a value as it likes", () => {
    expect(render("{{log}} {{constructor}}", { log: "/var/log", constructor: "x" })).toBe("/var/log x");
  });
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
