import { describe, expect, test } from "vitest";
import { assertPublic } from "../../src/project/public.ts";
import { errorOf, specOf } from "../environment/world.ts";

const of = (folder: string, more = {}) => specOf({ serve: { kind: "static", public: folder }, ...more });
const file = (path: string) => ({ kind: "file", path }) as const;

describe("the folder that visitors see", () => {
  test("must be in the release", () => {
    assertPublic(of("dist"), [file("dist/index.html")]);
    assertPublic(of("dist"), [{ kind: "folder", path: "dist" }]);
    assertPublic(of("."), []);
    const error = errorOf(() => assertPublic(of("dist"), [file("dist-old/a"), file("a")]));
    expect([error.code, error.message]).toEqual([
      "PUBLIC_MISSING",
      'the release has no folder "dist" for visitors to see',
    ]);
    expect(errorOf(() => assertPublic(of("dist"), [file("dist")])).code).toBe("PUBLIC_MISSING");
  });

  test("may be a symlink, lie behind one, be storage, lie in it, hold it, or be rendered", () => {
    assertPublic(of("dist"), [{ kind: "link", path: "dist" }]);
    assertPublic(of("dist/web"), [{ kind: "link", path: "dist" }]);
    for (const path of ["a", "a/b", "a/b/c"]) assertPublic(of("a/b", { storage: [path] }), []);
    assertPublic(of("a", { config: [{ path: "a/index.html", content: "" }] }), []);
  });
});
