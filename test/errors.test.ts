import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ERRORS, errnoOf, GreenroomError, translateErrno } from "../src/errors.ts";

function systemError(code: string, errno: number, path?: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: no luck, write`), { code, errno, syscall: "write", path });
}

function translated(error: unknown): GreenroomError {
  const answer = translateErrno(error);
  if (answer instanceof GreenroomError) return answer;
  throw new Error("it passed through");
}

describe("exit codes", () => {
  test("are neither success, nor a bug's, nor the shell's own", () => {
    for (const { exit, about } of Object.values(ERRORS)) {
      expect(exit).toBeGreaterThanOrEqual(2);
      expect(exit).toBeLessThan(64);
      expect(about).not.toBe("");
    }
  });

  test("are told in the documentation", () => {
    const page = readFileSync(new URL("../docs/exit-codes.md", import.meta.url), "utf8");
    for (const [code, { exit }] of Object.entries(ERRORS)) {
      const line = page
        .split("\n")
        .find((each) => each.includes(`\`${code}\``) || each.includes(` ${code} `));
      expect(line, code).toContain(String(exit));
    }
  });
});

describe("what the kernel says", () => {
  test.each(["ENOSPC", "EDQUOT"])("with %s is a full disk", (code) => {
    const error = translated(systemError(code, -28, "/srv/x"));
    expect([error.code, error.message]).toEqual(["DISK_FULL", "the disk is full (write /srv/x)"]);
    expect(error.hint).toContain("same command again");
    expect((error.cause as Error).message).toContain(code);
  });

  test("with another errno is a refusal that says which", () => {
    const error = translated(systemError("EIO", -5));
    expect(error.code).toBe("IO_FAILED");
    expect(error.message).toContain("EIO");
    expect(translated(systemError("ENOSPC", -28)).message).toBe("the disk is full (write)");
  });

  test("is passed through where it is an answer already, a bug of ours, or no system call's", () => {
    const answer = new GreenroomError("USAGE", "no");
    const others = [
      answer,
      systemError("EBADF", -9),
      systemError("EINVAL", -22),
      new TypeError("oops"),
      "text",
      null,
    ];
    for (const other of others) expect(translateErrno(other)).toBe(other);
    const nodes = Object.assign(new Error("bad"), { code: "ERR_INVALID_ARG_TYPE" });
    expect(translateErrno(nodes)).toBe(nodes);
  });

  test("has its code read from errors only", () => {
    expect(errnoOf(systemError("EIO", -5))).toBe("EIO");
    expect(errnoOf(Object.assign(new Error(), { code: 5 }))).toBe(undefined);
    expect(errnoOf({ code: "EIO" })).toBe(undefined);
    expect(errnoOf(null)).toBe(undefined);
  });
});

test("an error carries its hint, details and cause", () => {
  const cause = new Error("why");
  const error = new GreenroomError("USAGE", "no", { hint: "yes", detail: ["a"], cause });
  expect([error.name, error.hint, error.detail, error.cause]).toEqual([
    "GreenroomError",
    "yes",
    ["a"],
    cause,
  ]);
  expect(new GreenroomError("USAGE", "no")).toMatchObject({ hint: undefined, detail: [] });
});
