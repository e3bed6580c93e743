import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeTree } from "../../src/disk/remove.ts";
import { temporaryFolder, until } from "../processes/program.ts";

const FILES = 6000;

/** As soon as something goes from the folder, it is another one: what its owner may do at any time. */
const ATTACK = `
const { renameSync, statSync, symlinkSync, writeFileSync } = require("node:fs");
const [tree, victim, ready] = process.argv.slice(1);
const before = statSync(tree + "/d").mtimeMs;
writeFileSync(ready, "");
while (statSync(tree + "/d").mtimeMs === before);
renameSync(tree + "/d", tree + "/e");
symlinkSync(victim, tree + "/d");
`;

async function attacked(remove: (tree: string) => void) {
  const dir = temporaryFolder();
  const [tree, victim, ready] = [join(dir, "tree"), join(dir, "victim"), join(dir, "ready")];
  mkdirSync(join(tree, "d"), { recursive: true });
  for (let i = 0; i < FILES; i++) writeFileSync(join(tree, "d", String(i)), "");
  writeFileSync(join(tree, "d", "shadow"), "");
  mkdirSync(victim);
  writeFileSync(join(victim, "shadow"), "precious");
  const attacker = spawn(process.execPath, ["-e", ATTACK, tree, victim, ready], { stdio: "ignore" });
  const ended = once(attacker, "exit");
  await until("the attacker looks", () => existsSync(ready));
  try {
    remove(tree);
  } catch {
    // A folder that isn't one any more can't be removed as one.
  }
  await ended;
  return existsSync(join(victim, "shadow"));
}

test("a tree whose folders become others meanwhile takes nothing else with it", {
  timeout: 60_000,
}, async () => {
  for (let round = 0; round < 3; round++) expect(await attacked(removeTree)).toBe(true);
});

test("negative control: whoever goes by paths does", { timeout: 120_000 }, async () => {
  const byPath = (tree: string) => rmSync(tree, { recursive: true });
  for (let round = 0; await attacked(byPath); round++) expect(round).toBeLessThan(20);
});
