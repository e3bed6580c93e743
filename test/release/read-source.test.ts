import {
  appendFileSync,
  lstatSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, onTestFinished, test } from "vitest";
import { readSource } from "../../src/release/read-source.ts";
import { lookOf } from "../../src/release/walk.ts";
import { temporaryFolder } from "./world.ts";

const MEGABYTE = 1 << 20;

function place(content: string | Buffer) {
  const dir = temporaryFolder();
  const file = join(dir, "a");
  writeFileSync(file, content);
  return { file, spill: join(dir, "spill"), look: lookOf(lstatSync(file)) };
}

describe("reading a file of the source", () => {
  test("gives the content that it has now, although it changed since it was looked at", () => {
    const { file, spill, look } = place("one");
    appendFileSync(file, " and two");
    const content = readSource("a", file, look, spill);
    expect(content.bytes?.toString()).toBe("one and two");
    expect(content.look).toEqual(lookOf(lstatSync(file)));
  });

  test("takes one that grew large meanwhile by way of the disk, and one that shrank without it", () => {
    const grown = place("one");
    writeFileSync(grown.file, Buffer.alloc(2 * MEGABYTE, "x"));
    const large = readSource("a", grown.file, grown.look, grown.spill);
    expect([large.bytes, large.size]).toEqual([null, 2 * MEGABYTE]);
    expect(readFileSync(grown.spill).equals(readFileSync(grown.file))).toBe(true);
    const shrunk = place(Buffer.alloc(2 * MEGABYTE, "x"));
    truncateSync(shrunk.file, 3);
    expect(readSource("a", shrunk.file, shrunk.look, shrunk.spill).bytes?.toString()).toBe("xxx");
  });

  test("gives up by name on one that never stops changing", async () => {
    const { file, spill, look } = place(Buffer.alloc(4 * MEGABYTE, "x"));
    const writer = new Worker(
      `const { appendFileSync } = require("node:fs");
       const { workerData, parentPort } = require("node:worker_threads");
       appendFileSync(workerData.file, "y");
       parentPort.postMessage("writing");
       while (Atomics.load(workerData.stop, 0) === 0) appendFileSync(workerData.file, "y");`,
      { eval: true, workerData: { file, stop: new Int32Array(new SharedArrayBuffer(4)) } },
    );
    onTestFinished(async () => void (await writer.terminate()));
    await new Promise((resolve) => writer.once("message", resolve));
    expect(() => readSource("d/a", file, look, spill)).toThrow(
      expect.objectContaining({ code: "SOURCE_CHANGING", message: "d/a changes while it is read" }),
    );
  });

  test("doesn't follow a symlink that took the file's place", () => {
    const { file, spill, look } = place("one");
    rmSync(file);
    symlinkSync("/etc/passwd", file);
    expect(() => readSource("a", file, look, spill)).toThrow(
      expect.objectContaining({ code: "SOURCE_UNREADABLE" }),
    );
  });
});
