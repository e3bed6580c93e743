import { describe, expect, test } from "vitest";
import { parseProject } from "../../src/project/load.ts";
import { errorOf } from "../environment/world.ts";

const LEAST = { project: "shop", environments: { production: { domain: "shop.localhost" } } };
const parse = (more: object) => parseProject(JSON.stringify({ ...LEAST, ...more }));
const refused = (more: object) => errorOf(() => parse(more)).message.replace("greenroom.json: ", "");
const task = (...needs: string[]) => ({ run: "true", needs });

describe("tasks that need each other in a ring", () => {
  test("are shown as that ring, without those that only lead to it", () => {
    const tasks = { start: task("a"), a: task("b"), b: task("c"), c: task("a") };
    expect(refused({ tasks })).toBe("tasks need each other in a ring: a → b → c → a");
    expect(refused({ tasks: { a: task("a") } })).toBe("tasks need each other in a ring: a → a");
  });

  test("aren't those that meet again without one", () => {
    parse({ tasks: { top: task("left", "right"), left: task("base"), right: task("base"), base: task() } });
  });
});

describe("a task that doesn't exist", () => {
  const tasks = { warm: task() };
  const places: [object, string][] = [
    [{ tasks: { warm: task("wram") } }, 'tasks.warm.needs: there is no task "wram"; did you mean "warm"?'],
    [
      { tasks, checks: [{ shrinks: "5%" }, { task: "wram" }] },
      'checks[1]: there is no task "wram"; did you mean "warm"?',
    ],
    [{ tasks, hooks: { "before:switch": ["zz"] } }, 'hooks["before:switch"]: there is no task "zz"'],
  ];
  test.each(places)("is refused where it is named: %j", (more, message) => {
    expect(refused(more)).toBe(message);
  });
});

describe("paths of storage and config", () => {
  const clashes: [object, string][] = [
    [{ storage: ["a", "a"] }, '"a" and "a" of storage and config overlap'],
    [{ storage: ["a", "a/b"] }, '"a" and "a/b" of storage and config overlap'],
    [{ storage: ["a/b"], config: { a: "t" } }, '"a" and "a/b" of storage and config overlap'],
    [{ storage: ["a"], config: { "a/b": "t" } }, '"a" and "a/b" of storage and config overlap'],
    [{ storage: ["./a/", "a"] }, '"a" and "a" of storage and config overlap'],
  ];
  test.each(clashes)("can't overlap: %j", (more, message) => expect(refused(more)).toBe(message));

  test("may begin alike", () => {
    parse({ storage: ["a", "a-b", "a.b/c"], config: { ab: "t" } });
  });
});

test.each([".git", "var/.svn/x"])("storage can't be in a folder that is never released: %s", (path) => {
  expect(refused({ storage: [path] })).toBe(
    `storage: "${path}" belongs to the version control and stays out of releases`,
  );
});

test.each(["project", "domain", "if"])(
  "a value can't be called what templates know by themselves: %s",
  (name) => {
    const environments = { a: { domain: "x.localhost", values: { [name]: 1 } } };
    expect(refused({ environments })).toBe(`environments.a.values: templates know "${name}" by themselves`);
  },
);

test("two environments can't have one domain", () => {
  const environments = { a: { domain: "x.localhost" }, b: { domain: "X.localhost" } };
  expect(refused({ environments })).toBe("environments a and b have the same domain x.localhost");
});

test("keys and certificates of what is on servers are named by where they are there", () => {
  const servers = { web1: { ssh: "deploy@web1.example.com" } };
  const on = (server: string, key: string) => ({
    servers,
    environments: {
      a: { domain: "x.localhost", servers: [server], tls: { certificate: "/etc/a.pem", key } },
    },
  });
  expect(refused(on("web1", "tls/a.key"))).toBe('environments.a.tls: "tls/a.key" is to be on web1');
  parse(on("web1", "/etc/a.key"));
  parse(on("local", "tls/a.key"));
});

test("servers of environments are among those that are named", () => {
  const on = (...servers: string[]) => ({ a: { domain: "x.localhost", servers } });
  const servers = { web1: { ssh: "deploy@web1.example.com" } };
  expect(refused({ environments: on("web1") })).toContain(
    'environments.a.servers: there is no server "web1"',
  );
  expect(refused({ servers, environments: on("web2") })).toContain('did you mean "web1"?');
  expect(refused({ servers, environments: on("web1", "web1") })).toContain("named twice");
});

test("variables that no process could be given are refused, alone or together", () => {
  expect(refused({ env: { BIG: "x".repeat(100_001) } })).toBe(
    "env.BIG has 100001 bytes, more than a process can be given",
  );
  const many = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`V${i}`, "x".repeat(99_000)]));
  expect(refused({ env: many })).toContain("env of production has 1089000 bytes");
  parse({ env: { BIG: "x".repeat(100_000) } });
});
