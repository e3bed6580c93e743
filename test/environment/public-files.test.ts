import { expect, test } from "vitest";
import { describePublic } from "../../src/environment/public-files.ts";
import type { Entry } from "../../src/release/manifest.ts";
import { file } from "../release/world.ts";

const link = (path: string, target: string): Entry => ({ kind: "link", path, target });
const at = (path: string): Entry => ({ ...(file("x") as object), kind: "file", path }) as Entry;

test("links that may lead to storage are found, by the paths that visitors know", () => {
  const entries = [
    at("public/a.css"),
    at("shared/logo.svg"),
    link("public/logo.svg", "../shared/logo.svg"),
    link("public/again.css", "a.css"),
    link("public/files", "../storage/app"),
    link("public/deep/up", "../../uploads/x.jpg"),
    link("elsewhere", "storage"),
  ];
  expect(describePublic(entries, "public").links).toEqual(["/files", "/deep/up"]);
  expect(describePublic(entries, ".").links).toEqual(["/public/files", "/public/deep/up", "/elsewhere"]);
  expect(describePublic(entries, null).links).toEqual([]);
});

test("files that lie there compressed, too, are found", () => {
  expect(describePublic([at("a.css"), at("a.css.gz")], ".").precompressed).toBe(true);
  expect(describePublic([at("a.css"), at("b.tar.gz")], ".").precompressed).toBe(false);
  expect(describePublic([at("a.css"), at("a.css.gz"), at("public/x")], "public").precompressed).toBe(false);
});
