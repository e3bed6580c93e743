import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isHeld, isLocked, type Lock, tryLock } from "../../src/disk/lock.ts";
import { compile, runProgram, temporaryFolder, until } from "../processes/program.ts";

const HOLDER = `
  import { spawn } from "node:child_process";
  import { tryLock } from "src/disk/lock.ts";
  const lock = tryLock(process.argv[2], { pid: process.pid, doing: "stage" });
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  console.log("heldBy" in lock ? "refused" : "held by " + process.pid + " with child " + child.pid);
  setInterval(() => {}, 1000);
`;

describe("a lock", () => {
  test("is refused while another process holds it, with what that one said of itself", async () => {
    const path = join(temporaryFolder(), "lock");
    const holder = runProgram(await compile(HOLDER), [path]);
    const child = await childOf(holder);
    expect(tryLock(path, {})).toEqual({ heldBy: { pid: holder.child.pid, doing: "stage" } });
    expect(isLocked(path)).toBe(true);
    process.kill(child, "SIGKILL");
  });

  test("is free within a second after its holder was killed, though a child of the holder lives on", async () => {
    const path = join(temporaryFolder(), "lock");
    const holder = runProgram(await compile(HOLDER), [path]);
    const child = await childOf(holder);
    holder.child.kill("SIGKILL");
    await until("the lock is free", () => !isLocked(path), 1_000);
    process.kill(child, "SIGKILL");
    take(path).release();
  });

  test("is refused to a second holder within the same process, and free once released", () => {
    const path = join(temporaryFolder(), "lock");
    const first = take(path);
    expect(isHeld(tryLock(path, {}))).toBe(true);
    first.release();
    first.release();
    take(path).release();
    expect(isLocked(path)).toBe(false);
  });

  test("can be shared, and then keeps out who wants it alone", () => {
    const path = join(temporaryFolder(), "lock");
    const shared = [tryLock(path, {}, { shared: true }), tryLock(path, {}, { shared: true })];
    expect(shared.map(isHeld)).toEqual([false, false]);
    expect(tryLock(path, {})).toEqual({ heldBy: null });
    for (const one of shared) if (!isHeld(one)) one.release();
    take(path).release();
  });

  test("of a file that was removed doesn't keep the next one out", () => {
    const path = join(temporaryFolder(), "lock");
    const old = take(path);
    rmSync(path);
    take(path).release();
    old.release();
  });

  test("that nobody ever took isn't locked, and looking makes no file", () => {
    const path = join(temporaryFolder(), "nowhere", "lock");
    expect(isLocked(path)).toBe(false);
  });
});

function take(path: string): Lock {
  const lock = tryLock(path, { pid: process.pid });
  if (isHeld(lock)) throw new Error("refused");
  return lock;
}

async function childOf(holder: ReturnType<typeof runProgram>): Promise<number> {
  const text = await until("the lock is held", () => /with child (\d+)/.exec(holder.output()));
  return Number(text[1]);
}
