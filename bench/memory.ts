import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { greenroomArgv, time } from "./cli.ts";
import type { Row } from "./table.ts";
import { makeTree, writeProject } from "./tree.ts";

const FILES = 50_000;
const GIGABYTES = 2;

export function benchMemory(dir: string): Row[] {
  const tree = join(dir, "memory-tree");
  writeProject(tree);
  makeTree(tree, FILES);
  const file = join(dir, "memory-file");
  writeProject(file);
  writeLargeFile(join(file, "large.bin"));
  return [
    row(dir, "memory for staging the tree", "< 300 MB", tree),
    row(dir, "memory for staging one 2 GB file", "< 150 MB", file),
  ];
}

function row(dir: string, what: string, wanted: string, project: string): Row {
  const root = `${project}-root`;
  const first = peak(dir, { project, root });
  writeFileSync(join(project, "one-more.txt"), "more\n");
  const second = peak(dir, { project, root });
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  return {
    what,
    against: "-",
    wanted,
    measured: megabytes(Math.max(first, second)),
    behind: `first ${megabytes(first)}, again ${megabytes(second)}`,
  };
}

/** The most memory that a staging had at once, in bytes, as the kernel accounts it. */
function peak(dir: string, world: { project: string; root: string }): number {
  const report = join(dir, "peak");
  const hook = join(dir, "peak.cjs");
  const line = `require("node:fs").writeFileSync(${JSON.stringify(report)}, String(process.resourceUsage().maxRSS))`;
  writeFileSync(hook, `process.on("exit", () => ${line});`);
  time(greenroomArgv(world, "stage"), { NODE_OPTIONS: `--require=${hook}` });
  return Number(readFileSync(report, "utf8")) * 1024;
}

function writeLargeFile(path: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  const fd = openSync(path, "w");
  const block = Buffer.alloc(1 << 20, "greenroom");
  for (let i = 0; i < GIGABYTES * 1024; i++) {
    block.writeUInt32LE(i, 0);
    writeSync(fd, block);
  }
  closeSync(fd);
}
