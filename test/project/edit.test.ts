import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { editServers, withServers } from "../../src/project/edit.ts";
import { errorOf } from "../environment/world.ts";
import { temporaryFolder } from "../release/world.ts";

const around = (production: string) =>
  `{\n\t"project":  "shop",\n  "environments": {\n    "production": ${production},\n    "staging": {"domain":"s.x"} } }`;

describe("the servers of an environment in greenroom.json", () => {
  test.each([
    [
      "a list on one line",
      '{ "servers": ["web1","web2"], "domain": "x.y" }',
      '{ "servers": ["web1", "web3"], "domain": "x.y" }',
    ],
    [
      "a line each",
      '{ "servers": [\n        "web1",\n        "web2"\n      ], "domain": "x.y" }',
      '{ "servers": [\n        "web1",\n        "web3"\n      ], "domain": "x.y" }',
    ],
    [
      "an empty list",
      '{ "servers": [], "domain": "x.y" }',
      '{ "servers": ["web1", "web3"], "domain": "x.y" }',
    ],
    ["none, on one line", '{ "domain": "x.y" }', '{ "domain": "x.y", "servers": ["web1", "web3"] }'],
    [
      "none, in several",
      '{\n      "domain": "x.y"\n    }',
      '{\n      "domain": "x.y",\n      "servers": ["web1", "web3"]\n    }',
    ],
    ["none, tight", '{"domain":"x.y"}', '{"domain":"x.y", "servers": ["web1", "web3"]}'],
  ])("are changed alone: %s", (_, before, after) => {
    for (const mark of ["", "\uFEFF"]) {
      const edited = withServers(mark + around(before), "production", ["web1", "web3"]);
      expect(edited).toBe(mark + around(after));
    }
  });

  test("are written to the file that a link leads to, with its mode, and only where all of it still makes sense", () => {
    const dir = temporaryFolder();
    const file = join(temporaryFolder(), "real.json");
    const text =
      '{"project":"shop","servers":{"web1":{"ssh":"a@b"}},"environments":{"production":{"domain":"x.localhost"}}}';
    writeFileSync(file, text);
    chmodSync(file, 0o600);
    symlinkSync(file, join(dir, "greenroom.json"));
    expect(errorOf(() => editServers(dir, "production", () => ["web9"])).code).toBe("CONFIG_INVALID");
    expect(readFileSync(file, "utf8")).toBe(text);
    editServers(dir, "production", (now) => [...now, "web1"]);
    expect(JSON.parse(readFileSync(file, "utf8")).environments.production.servers).toEqual(["local", "web1"]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
