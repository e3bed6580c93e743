import { describe, expect, test } from "vitest";
import { blameRoot } from "../../src/commands/blame-root.ts";
import { GreenroomError, translateErrno } from "../../src/errors.ts";

function refused(code: string, path: string, syscall = "open"): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: no luck`), { code, errno: -1, syscall, path });
}

describe("what the kernel refuses", () => {
  test.each([
    ["EACCES", "/srv/g/store/lock"],
    ["EROFS", "/srv/g"],
    ["EACCES", "/srv"],
    ["ENOTDIR", "/srv/g/store"],
  ])("with %s at %s is said of the root", (code, path) => {
    for (const error of [refused(code, path), translateErrno(refused(code, path))]) {
      expect(blameRoot(error, "/srv/g")).toMatchObject({
        code: "ROOT_UNUSABLE",
        message: `the root /srv/g can't be used: ${code}: no luck`,
      });
    }
  });

  test("elsewhere, or for another reason, isn't", () => {
    const others = [
      refused("EACCES", "/srv/other"),
      refused("EACCES", "/srv/g2/x"),
      refused("EIO", "/srv/g/x"),
      refused("ENOENT", "/srv/g/x"),
      new GreenroomError("LOCKED", "no"),
      new TypeError("oops"),
      null,
    ];
    for (const error of others) expect(blameRoot(error, "/srv/g")).toBe(error);
    expect(blameRoot(refused("ENOENT", "/srv/g/x", "mkdir"), "/srv/g")).toMatchObject({
      code: "ROOT_UNUSABLE",
    });
  });
});
