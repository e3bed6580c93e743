import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import type { Needs } from "../../../src/servers/provision/needs.ts";
import { UP_FILES, upFile } from "../../../src/servers/provision/up-service.ts";
import { has } from "../../certificates.ts";
import { temporaryFolder } from "../../processes/program.ts";

const ODD = `a root's "own %n $HOME`;

/** What systemd finds wrong with the unit for a root of that name; `spoil` is done to it before. */
function verify(name: string, spoil = (content: string) => content): string {
  const root = join(temporaryFolder(), name);
  mkdirSync(join(root, "bin"), { recursive: true });
  const node = join(root, "bin/node");
  symlinkSync(process.execPath, node);
  const files = [{ path: join(root, "bin/greenroom.mjs"), sha256: "" }];
  const { content } = upFile({ root, files } as Needs, node, true);
  const unit = join(temporaryFolder(), basename(UP_FILES[0]));
  writeFileSync(unit, spoil(content));
  const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", unit], { encoding: "utf8" });
  const own = stderr.split("\n").filter((line) => line.includes("greenroom"));
  return own.join("\n") || (status === 0 ? "" : stderr);
}

test.skipIf(!has("systemd-analyze"))("systemd takes the unit, whatever the root is called", () => {
  expect(verify("root")).toBe("");
  expect(verify(ODD)).toBe("");
  expect(verify(ODD, (content) => content.replace("/usr/bin/env ", ""))).not.toBe("");
});
