import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { removeTree } from "../../../src/disk/remove.ts";
import { assertDnsProgram, runDnsProgram } from "../../../src/serving/certificates/dns-program.ts";

const RECORD = { name: "_acme-challenge.shop.example.com", value: "a-b_c" };
const asRoot = process.getuid?.() === 0;

function makeProgram(body: string, mode = 0o755): { program: string; dir: string } {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "greenroom-dns-")));
  chmodSync(dir, 0o755);
  onTestFinished(() => removeTree(dir));
  const program = join(dir, "program");
  writeFileSync(program, `#!/bin/sh\n${body}\n`);
  chmodSync(program, mode);
  return { program, dir };
}

describe("the program that sets DNS records", () => {
  test("gets words, which no shell reads", async () => {
    const { program, dir } = makeProgram(`for word; do echo "<$word>"; done > "$(dirname "$0")/words"`);
    const value = "$(touch evil) ;' \"*";
    await runDnsProgram(program, "set", { ...RECORD, value }, 5000);
    expect(readFileSync(join(dir, "words"), "utf8")).toBe(`<set>\n<${RECORD.name}>\n<${value}>\n`);
    expect(existsSync("/evil")).toBe(false);
  });

  test("gets nothing of our environment but what every program needs", async () => {
    vi.stubEnv("SECRET_TOKEN", "hush");
    onTestFinished(() => void vi.unstubAllEnvs());
    const { program, dir } = makeProgram(`env > "$(dirname "$0")/env"`);
    await runDnsProgram(program, "clear", RECORD, 5000);
    const names = readFileSync(join(dir, "env"), "utf8").match(/^\w+(?==)/gm)!;
    const known = ["PATH", "HOME", "LANG", "TZ", "TERM", "PWD", "OLDPWD", "SHLVL", "_"];
    expect(names).toContain("PATH");
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
  });

  test("that fails is quoted by its last words, and not at length", async () => {
    const { program } = makeProgram(`seq 1000; echo "no such zone" >&2; exit 3`);
    const failed = runDnsProgram(program, "set", RECORD, 5000);
    await expect(failed).rejects.toThrow(
      /set _acme-challenge\.shop\.example\.com failed \(exit 3\): .*no such zone/,
    );
    await expect(failed).rejects.not.toThrow(/\b997\b/);
  });

  test("that hangs is ended, with all that it started", async () => {
    const { program, dir } = makeProgram(
      `trap "" TERM; sleep 300 & echo $! > "$(dirname "$0")/pid"; wait; wait`,
    );
    await expect(runDnsProgram(program, "set", RECORD, 500)).rejects.toThrow(/took more than 0.5 seconds/);
    const pid = Number(readFileSync(join(dir, "pid"), "utf8"));
    expect(isRunning(pid)).toBe(false);
    expect(isRunning(process.pid)).toBe(true);
  });
});

describe("a program that can't be used", () => {
  test("isn't there, isn't executable, or is a folder", () => {
    const { program, dir } = makeProgram("", 0o644);
    expect(() => assertDnsProgram(join(dir, "none"))).toThrow(/can't be found \(ENOENT\)/);
    expect(() => assertDnsProgram(program)).toThrow(/isn't executable/);
    expect(() => assertDnsProgram(dir)).toThrow(/is no file/);
    chmodSync(program, 0o755);
    expect(() => assertDnsProgram(program)).not.toThrow();
  });

  test("goes by a name that is a symlink, or on the way to it is one", () => {
    const { program, dir } = makeProgram("");
    symlinkSync(program, join(dir, "link"));
    symlinkSync(dir, join(dir, "folder"));
    for (const name of ["link", "folder/program"]) {
      expect(() => assertDnsProgram(join(dir, name))).toThrow(`is ${program}: name it so`);
    }
  });

  test.skipIf(!asRoot)("could be changed by others, where it would run as root (else skipped)", () => {
    const { program, dir } = makeProgram("", 0o775);
    expect(() => assertDnsProgram(program)).toThrow(`others than root can change ${program}`);
    chmodSync(program, 0o1777);
    expect(() => assertDnsProgram(program)).toThrow(`others than root can change ${program}`);
    chmodSync(program, 0o755);
    chmodSync(dir, 0o777);
    expect(() => assertDnsProgram(program)).toThrow(`others than root can change ${dir}`);
    chmodSync(dir, 0o755);
    expect(() => assertDnsProgram(program)).not.toThrow();
  });
});

function isRunning(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}
