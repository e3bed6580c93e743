import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openLog } from "../../../src/serving/supervisor/log.ts";
import { temporaryFolder } from "../../processes/program.ts";

describe("a process's log", () => {
  test("is moved aside when it is full, and five old ones are kept", async () => {
    const path = join(temporaryFolder(), "log", "web.blue.log");
    const log = openLog(path, failOn, { bytes: 100 });
    await Promise.all(Array.from({ length: 20 }, (_, number) => log.append(text(number))));
    await log.close();
    const names = ["web.blue.log", ...[1, 2, 3, 4, 5].map((number) => `web.blue.log.${number}`)];
    expect(readdirSync(join(path, "..")).sort()).toEqual(names);
    const oldestFirst = names.reverse().flatMap((name) => lines(join(path, "..", name)));
    expect(oldestFirst).toEqual(
      Array.from({ length: 12 }, (_, number) =>
        text(number + 8)
          .toString()
          .trim(),
      ),
    );
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  test("goes on where an earlier run stopped, and counts what that one wrote", async () => {
    const path = join(temporaryFolder(), "web.log");
    for (let run = 0; run < 3; run++) {
      const log = openLog(path, failOn, { bytes: 100 });
      await log.append(text(run));
      await log.close();
    }
    expect([lines(path).length, lines(`${path}.1`).length]).toEqual([1, 2]);
  });

  test("that can't be written is told and keeps nobody waiting, and goes on when it can be again", async () => {
    const folder = join(temporaryFolder(), "site", "log");
    const errors: Error[] = [];
    const log = openLog(join(folder, "web.log"), (error) => errors.push(error));
    await log.append(text(1));
    expect(errors).toMatchObject([{ code: "ENOENT" }]);
    mkdirSync(folder, { recursive: true });
    await log.append(text(2));
    await log.close();
    expect(lines(join(folder, "web.log"))).toHaveLength(1);
    rmSync(folder, { recursive: true });
  });
});

function failOn(error: Error): never {
  throw error;
}

function text(number: number): Buffer {
  return Buffer.from(`line ${number}`.padEnd(49, ".").concat("\n"));
}

function lines(path: string): string[] {
  return readFileSync(path, "utf8").trim().split("\n");
}
