import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GreenroomError } from "../../src/errors.ts";
import { loadProject, parseProject } from "../../src/project/load.ts";
import { errorOf } from "../environment/world.ts";
import { temporaryFolder } from "../release/world.ts";

const LEAST = { project: "shop", environments: { production: { domain: "shop.localhost" } } };
const parse = (more: object = {}) => parseProject(JSON.stringify({ ...LEAST, ...more }));
const refused = (more: object) => errorOf(() => parse(more));

describe("greenroom.json", () => {
  test("needs no more than a name and an environment", () => {
    const file = parse();
    expect(file.serve).toEqual({ kind: "static", public: "." });
    expect(file.build).toEqual({ run: [], output: "." });
    expect(file.environments.production).toEqual({
      domain: "shop.localhost",
      subdomains: false,
      tls: null,
      previews: "secret",
      servers: ["local"],
      keep: 5,
      switch: "manual",
      values: {},
      env: {},
    });
  });

  test("is read with durations in milliseconds, shares as numbers, paths without frills and domains in small letters", () => {
    const file = parse({
      tasks: { warm: { run: "true", timeout: "1.5s" } },
      checks: [{ shrinks: "30%" }, { http: "/", within: "2m" }],
      storage: ["./uploads/", "a/b"],
      environments: { production: { domain: "Shop.LOCALHOST" } },
    });
    expect(file.tasks.warm).toEqual({ run: "true", timeout: 1500, on: "rehearsal", needs: [] });
    expect(file.checks).toEqual([
      { shrinks: 30 },
      { http: "/", status: 200, contains: null, within: 120_000 },
    ]);
    expect(file.storage).toEqual(["uploads", "a/b"]);
    expect(file.environments.production?.domain).toBe("shop.localhost");
  });

  const rooted = (root: string) => ({ servers: { web1: { ssh: "web1", root } } });

  test("names a server's root in the one way that it has", () => {
    expect(parse(rooted("/srv/my sites/")).servers.web1?.root).toBe("/srv/my sites");
    expect(parse({ servers: { web1: { ssh: "web1" } } }).servers.web1?.root).toBe("/srv/greenroom");
  });

  test.each([
    ["/tmp/x/../../../etc", 'write the path without "..", "." or "//"'],
    ["/srv/./greenroom", 'write the path without "..", "." or "//"'],
    ["/srv//greenroom", 'write the path without "..", "." or "//"'],
    ["srv/greenroom", "write an absolute path"],
    ["", "write an absolute path"],
    ["/", 'name a folder of its own, like "/srv/greenroom"'],
    ["/etc/", 'name a folder of its own, like "/srv/greenroom"'],
    ["/srv", 'name a folder of its own, like "/srv/greenroom"'],
  ])("refuses %j as a server's root", (root, why) => {
    const error = refused(rooted(root));
    expect([error.code, error.message]).toEqual([
      "CONFIG_INVALID",
      `greenroom.json: servers.web1.root: ${why}`,
    ]);
  });

  const broken: [string, string, number, number][] = [
    ["a missing comma", '{\n  "project": "shop"\n  "environments": {}\n}', 3, 3],
    ["a trailing comma", '{\n  "project": "shop",\n}', 3, 1],
    ["a comment", '{\n  // mine\n  "project": "shop"\n}', 2, 3],
    ["nothing at all", "", 1, 1],
    ["single quotes", "{ 'project': 1 }", 1, 3],
    ["Windows' line ends", '{\r\n  "project": shop\r\n}', 2, 14],
  ];
  test.each(broken)("with %s is refused by line and column", (_, text, line, column) => {
    const error = errorOf(() => parseProject(text));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toMatch(new RegExp(`^greenroom.json: line ${line}, column ${column}: \\w+`));
    expect(error.hint).toContain("double quotes");
  });

  const ambiguous: [string, string][] = [
    ['{"project": "a",\n "project": "b"}', 'line 2, column 2: "project" is there twice'],
    ['{"environments": {"p": {"keep": 1, "keep": 2}}}', 'line 1, column 36: "keep" is there twice'],
    ['{"checks": [{"http": "/", "http": "/a"}]}', 'line 1, column 27: "http" is there twice'],
    ['{"a": 1, "\\u0061": 2}', 'line 1, column 10: "a" is there twice'],
    ['{"tasks": {"__proto__": {"run": "x"}}}', 'line 1, column 12: nothing can be called "__proto__"'],
    ['{"env": {"__proto__": "x"}}', 'line 1, column 10: nothing can be called "__proto__"'],
  ];
  test.each(ambiguous)("that JSON alone would read as something else is refused: %s", (text, message) => {
    const error = errorOf(() => parseProject(text));
    expect([error.code, error.message]).toEqual(["CONFIG_INVALID", `greenroom.json: ${message}`]);
  });

  test("may say the same in different places", () => {
    parse({ tasks: { a: { run: "x" }, b: { run: "x" } }, env: { run: "x" } });
  });

  test("is answered with an error of ours, however it was mangled", () => {
    const whole = JSON.stringify({
      ...LEAST,
      tasks: { warm: { run: "a\\b", needs: ["x"] } },
      checks: [{ shrinks: "5%" }],
    });
    const edit = fc.tuple(
      fc.nat(whole.length),
      fc.nat(8),
      fc.oneof(
        fc.string({ maxLength: 4 }),
        fc.constantFrom(
          "\t",
          "\u00a0",
          "\u2028",
          "01",
          "-",
          ".5",
          "NaN",
          "\\x",
          '"',
          "{",
          "]",
          "null",
          "\u0000",
        ),
      ),
    );
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const text = edits.reduce((so, [at, cut, put]) => so.slice(0, at) + put + so.slice(at + cut), whole);
        try {
          parseProject(text);
        } catch (error) {
          expect(error).toBeInstanceOf(GreenroomError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  const unknown: [object, string][] = [
    [{ storge: [] }, 'storge: unknown key; did you mean "storage"?'],
    [
      { environments: { p: { domian: "x", domain: "x.localhost" } } },
      'environments.p.domian: unknown key; did you mean "domain"?',
    ],
    [{ serve: { kind: "static", pubilc: "." } }, 'serve.pubilc: unknown key; did you mean "public"?'],
    [
      { tasks: { warm: { run: "x", timout: "1s" } } },
      'tasks.warm.timout: unknown key; did you mean "timeout"?',
    ],
    [{ checks: [{ http: "/", statsu: 200 }] }, 'checks[0].statsu: unknown key; did you mean "status"?'],
    [{ zzzzzz: 1 }, "zzzzzz: unknown key"],
  ];
  test.each(unknown)("with an unknown key says what was probably meant: %j", (more, message) => {
    const error = refused(more);
    expect([error.code, error.message]).toEqual(["CONFIG_INVALID", `greenroom.json: ${message}`]);
  });

  const wrong: [object, RegExp][] = [
    [{ project: "Shop" }, /^greenroom.json: project: use a to z/],
    [{ environments: {} }, /environments: name at least one environment/],
    [
      { environments: { production: { domain: "http://x" } } },
      /environments.production.domain: write a domain/,
    ],
    [{ environments: { production: { domain: "x:8080" } } }, /write a domain without a port/],
    ...["192.0.2.1", "127.1", "0x7f.0x1", "::1", "[::1]", "2130706433"].map((domain): [object, RegExp] => [
      { environments: { production: { domain } } },
      /^greenroom.json: environments.production.domain: write a name.*an IP address is no domain$/,
    ]),
    [{ storage: ["../up"] }, /storage\[0\]: write a path relative to the release/],
    [{ storage: ["/up"] }, /storage\[0\]: write a path relative/],
    [{ storage: ["x; } location / { alias /etc/"] }, /storage\[0\]: take a path without any of/],
    [{ storage: ['up"'] }, /storage\[0\]: take a path without any of/],
    [{ storage: ["a$b"] }, /storage\[0\]: take a path without any of/],
    [{ serve: { kind: "static", public: "a{b}" } }, /serve.public: take a path without any of/],
    [{ serve: { kind: "static", immutable: ["a\\b"] } }, /serve.immutable\[0\]: take a path without any of/],
    [{ serve: { kind: "php", front: "a\nb.php" } }, /serve.front: take a path without any of/],
    [{ storage: ["."] }, /storage\[0\]: name something inside the release/],
    [{ tasks: { warm: { run: "x", timeout: "fast" } } }, /tasks.warm.timeout: write a duration like/],
    [{ tasks: { warm: { run: "x", timeout: "30d" } } }, /tasks.warm.timeout: .*24 days/],
    [{ serve: { kind: "process", start: { worker: "x" } } }, /name the process that answers visitors "web"/],
    [{ serve: { kind: "perl" } }, /serve.kind/],
    [{ hooks: { "before:lunch": [] } }, /hooks/],
    [{ checks: [{ http: "no-slash" }] }, /checks\[0\].http/],
    [{ serve: { kind: "perl" } }, /serve.kind: write "static", "process" or "php"$/],
    [{ environments: { Prod: { domain: "x" } } }, /environments: "Prod" doesn't fit: use a to z/],
    [{ environments: { "": { domain: "x" } } }, /environments: "" doesn't fit: use a to z/],
    [{ env: { "a-b": "x" } }, /env: "a-b" doesn't fit: use letters, digits/],
    [{ config: { "../x": "t" } }, /config: "..\/x" doesn't fit: write a path relative/],
    [{ checks: [{ http: "/", within: "0s" }] }, /checks\[0\].within: allow more than no time/],
    [{ checks: [{ http: "/", contains: "" }] }, /checks\[0\].contains: write what/],
    [{ storage: ["ä".repeat(128)] }, /storage\[0\]: a file's name has at most 255 bytes/],
    [{ storage: [`${"a/".repeat(500)}b`] }, /storage\[0\]: a path has at most 1000 letters/],
  ];
  test.each(wrong)("with %j is refused with the place", (more, message) => {
    const error = refused(more);
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toMatch(message);
  });

  const plain: [string, string][] = [
    ["null", "the whole file: write an object, in { }"],
    ["[]", "the whole file: write an object, in { }"],
    ['{"environments":{"p":{"domain":"a.b"}}}', "project: it is missing: write a text, in double quotes"],
    ['{"project":"shop","environments":[]}', "environments: write an object, in { }"],
    ['{"project":"shop","environments":{"p":null}}', "environments.p: write an object, in { }"],
  ];
  test.each(plain)("with %s is refused in plain words, with what helps", (text, message) => {
    const error = errorOf(() => parseProject(text));
    expect([error.code, error.message]).toEqual(["CONFIG_INVALID", `greenroom.json: ${message}`]);
    expect(error.hint).toContain("greenroom schema");
  });

  const values: [object, string][] = [
    [{ keep: 5000 }, "keep: write a number of at most 1000"],
    [{ keep: 0 }, "keep: write a number of at least 1"],
    [{ keep: 1.5 }, "keep: write a whole number"],
    [{ switch: "x" }, 'switch: write "manual" or "auto"'],
    [{ subdomains: "yes" }, "subdomains: write true or false"],
    [{ servers: "web1" }, "servers: write a list, in [ ]"],
    [{ values: [] }, "values: write an object, in { }"],
  ];
  test.each(values)("with an environment of %j is refused in plain words", (more, message) => {
    const error = refused({ environments: { p: { domain: "a.b", ...more } } });
    expect(error.message).toBe(`greenroom.json: environments.p.${message}`);
  });

  test("with a check of nothing is told what there is to check", () => {
    const { message } = refused({ checks: [{}] });
    expect(message).toBe('greenroom.json: checks[0]: it needs one of "http", "files", "shrinks", "task"');
  });

  test("tells everything that is wrong at once", () => {
    const error = refused({ storge: [], project: "Shop", storage: ["/x"] });
    expect([error.message, ...error.detail]).toHaveLength(3);
  });

  test("can't be fooled by names that JavaScript knows", () => {
    expect(refused({ checks: [{ task: "constructor" }] }).message).toContain(
      'there is no task "constructor"',
    );
    expect(
      parse({ tasks: { constructor: { run: "x" } }, checks: [{ task: "constructor" }] }).checks,
    ).toHaveLength(1);
    const sneaky =
      '{"__proto__": {"project": "x"}, "project": "shop", "environments": {"p": {"domain": "x.localhost"}}}';
    expect(errorOf(() => parseProject(sneaky)).code).toBe("CONFIG_INVALID");
  });
});

describe("finding greenroom.json", () => {
  test("looks in the folder and above it, and reads past a byte order mark", () => {
    const dir = temporaryFolder();
    mkdirSync(join(dir, "a/b"), { recursive: true });
    writeFileSync(join(dir, "greenroom.json"), `\ufeff${JSON.stringify(LEAST)}`);
    expect(loadProject(join(dir, "a/b")).dir).toBe(dir);
    expect(loadProject(dir).file.project).toBe("shop");
  });

  test("says where it looked", () => {
    const dir = temporaryFolder();
    const error = errorOf(() => loadProject(dir));
    expect([error.code, error.hint]).toEqual(["CONFIG_MISSING", "make one with: greenroom init"]);
    expect(error.message).toContain(dir);
  });

  test("says of one that can't be read that it can't", () => {
    const dir = temporaryFolder();
    mkdirSync(join(dir, "greenroom.json"));
    expect(errorOf(() => loadProject(dir)).code).toBe("CONFIG_INVALID");
  });
});

test.each(["//other.example/x", "/\\other.example/x"])("%j is no path of the site's own", (http) => {
  expect(refused({ checks: [{ http }] }).message).toContain('write a path like "/healthz"');
});

test("paths of requests may hold any letters, and go as a browser sends them", () => {
  const { serve, checks } = parseProject(
    JSON.stringify({
      project: "shop",
      serve: { kind: "php", public: "public", health: "/prüfung alles?x=\u{1f44d}%20" },
      checks: [{ http: "/é x" }],
      environments: { production: { domain: "shop.localhost" } },
    }),
  );
  expect(serve).toMatchObject({ health: "/pr%C3%BCfung%20alles?x=%F0%9F%91%8D%20" });
  expect(checks).toMatchObject([{ http: "/%C3%A9%20x" }]);
});
