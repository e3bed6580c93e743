import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { assertVersion, isMachinesOwn, isName, slug } from "../src/names.ts";
import { errorOf } from "./environment/world.ts";

describe("a name", () => {
  test.each(["a", "0", "shop", "2026.11.21.1", "v1.2-rc.3", "a--b", "a.b", "x".repeat(40)])(
    "may be %j",
    (name) => {
      expect(isName(name)).toBe(true);
      assertVersion(name);
    },
  );

  test.each([
    "",
    ".",
    "-",
    "a.",
    ".a",
    "-a",
    "a-",
    "a..b",
    "A",
    "a b",
    "a/b",
    "ü",
    "a\n",
    "\na",
    "a\0",
    "..",
    "x".repeat(41),
  ])("can't be %j", (name) => {
    expect(isName(name)).toBe(false);
    expect(() => assertVersion(name)).toThrow(
      expect.objectContaining({
        code: "NAME_INVALID",
        message: `version ${JSON.stringify(name)} doesn't fit`,
      }),
    );
  });

  test("that doesn't fit is answered with one that does", () => {
    try {
      assertVersion("Feature/Ünïcode");
    } catch (error) {
      const suggested = /for instance (.+)$/.exec((error as { hint: string }).hint)?.[1];
      expect(suggested).toMatch(/^feature-n-code-[0-9a-f]{6}$/);
      expect(isName(suggested!)).toBe(true);
      return;
    }
    throw new Error("it was taken");
  });

  test("is safe as a part of a path and of a host name", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 45, unit: fc.constantFrom(..."ab0.-/_A\n ") }), (text) => {
        if (!isName(text)) return;
        expect(text).toMatch(/^[a-z0-9.-]{1,40}$/);
        expect([".", ".."]).not.toContain(text);
        expect(text).not.toMatch(/^[.-]|[.-]$|\.\./);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a slug", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary", maxLength: 80 }),
    fc.string({ unit: fc.constantFrom(..."ab0.-/_A"), maxLength: 80 }),
    fc.webPath(),
  );

  test("fits the grammar whatever it is made from, and is its own slug", () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(isName(slug(text))).toBe(true);
        expect(slug(slug(text))).toBe(slug(text));
      }),
      { numRuns: 2000 },
    );
  });

  test("is the text itself where that fits", () => {
    expect(slug("v1.2")).toBe("v1.2");
  });

  test("tells texts apart that look alike once cleaned", () => {
    const alike = ["feature/a", "feature_a", "Feature/a", "feature/A", "feature a"];
    expect(new Set(alike.map(slug)).size).toBe(alike.length);
    expect(slug("feature/a")).toMatch(/^feature-a-/);
  });
});

describe("a version", () => {
  test.each(["blue", "green", "live", "rehearsal", "current"])(
    "can't be %s, which means a place",
    (version) => {
      expect(() => assertVersion(version)).toThrow(expect.objectContaining({ code: "NAME_INVALID" }));
    },
  );

  test("can't look like the file that is kept beside another one", () => {
    expect(() => assertVersion("1.json")).toThrow(expect.objectContaining({ code: "NAME_INVALID" }));
  });

  test.each(["1", "2026.11.21.1", "v1.2", "blue-1", "bluegreen", "json"])("may be %s", (version) =>
    assertVersion(version),
  );
});

test("a folder that the machine needs for itself is told from one of its own", () => {
  for (const folder of ["/", "/etc", "/home", "/srv"]) expect(isMachinesOwn(folder)).toBe(true);
  for (const folder of ["/srv/greenroom", "/greenroom", "/etcetera"])
    expect(isMachinesOwn(folder)).toBe(false);
  const emit = () => {};
  const open = (root: string) => createApp({ root, project: undefined, emit, version: "0.1.0" });
  expect(errorOf(() => open("/srv/.."))).toMatchObject({
    code: "USAGE",
    hint: "name a folder of its own: --root /greenroom",
  });
  expect(open("/srv/shop/../greenroom").root).toBe("/srv/greenroom");
});
