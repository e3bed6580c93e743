import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PER_FOLDER = 50;
const noise = randomBytes(1 << 20);

/** A site of `files` files of 0.2 to 15 KB, 7.8 KB on average, fifty to a folder. */
export function makeTree(dir: string, files: number): void {
  for (let i = 0; i < files; i++) {
    if (i % PER_FOLDER === 0) mkdirSync(join(dir, folderOf(i)), { recursive: true });
    const size = 200 + ((i * 7919) % 15_400);
    const content = Buffer.from(noise.subarray((i % 1000) * 1000, (i % 1000) * 1000 + size));
    content.writeUInt32LE(i, 0);
    writeFileSync(pathOf(dir, i), content);
  }
}

/** Rewrites `count` files spread over the tree. */
export function changeFiles(dir: string, files: number, count: number, stamp: string): void {
  for (let i = 0; i < count; i++)
    writeFileSync(pathOf(dir, Math.floor((i * files) / count)), `${stamp} ${i}\n`);
}

export function writeProject(dir: string, extra: object = {}): void {
  mkdirSync(dir, { recursive: true });
  const environments = { production: { domain: "bench.localhost", keep: 2 } };
  writeFileSync(join(dir, "greenroom.json"), JSON.stringify({ project: "bench", environments, ...extra }));
}

function folderOf(i: number): string {
  return `d${Math.floor(i / 500)}/s${Math.floor(i / PER_FOLDER) % 10}`;
}

function pathOf(dir: string, i: number): string {
  return join(dir, folderOf(i), `file${i}.txt`);
}
