import { describe, expect, test } from "vitest";
import { keyFilesIn, resolveTls } from "../../src/project/keys.ts";
import { parseProject } from "../../src/project/load.ts";
import type { ProjectFile } from "../../src/project/schema.ts";

const PAIR = { certificate: "tls/a.pem", key: "/etc/a.key" };

function parse(tls: unknown): ProjectFile {
  return parseProject(
    JSON.stringify({ project: "shop", environments: { production: { domain: "a.example", tls } } }),
  );
}

describe("tls in greenroom.json", () => {
  test("is ACME, files, or ACME with files for previews", () => {
    const tlsOf = (tls: unknown) => parse(tls).environments.production!.tls;
    expect(tlsOf(undefined)).toBe(null);
    expect(tlsOf("acme")).toEqual({ own: "acme", previews: null });
    expect(tlsOf(PAIR)).toEqual({ own: PAIR, previews: null });
    expect(tlsOf({ certificate: "acme", previews: "acme" })).toEqual({ own: "acme", previews: "acme" });
    expect(tlsOf({ ...PAIR, previews: "acme" })).toEqual({ own: PAIR, previews: "acme" });
    expect(tlsOf({ certificate: "acme", previews: PAIR })).toEqual({ own: "acme", previews: PAIR });
  });

  test.each([
    ["letsencrypt"],
    [{ certificate: "a.pem" }],
    [{ ...PAIR, kye: "x" }],
    [{ ...PAIR, key: "" }],
    [{ ...PAIR, previews: "dns" }],
    [true],
  ])("%j is refused", (tls) => {
    expect(() => parse(tls)).toThrow(/environments\.production\.tls/);
  });

  test("names files beside greenroom.json", () => {
    const { tls } = parse(PAIR).environments.production!;
    expect(resolveTls("/work/shop", tls)?.own).toEqual({
      certificate: "/work/shop/tls/a.pem",
      key: "/etc/a.key",
    });
  });

  test("keeps keys out of releases, wherever the folder that is released begins", () => {
    const project = { dir: "/work/shop", file: parse(PAIR) };
    expect(keyFilesIn("/work/shop", project)).toContain("tls/a.pem");
    expect(keyFilesIn("/work/shop/tls", project)).toContain("a.pem");
    expect(keyFilesIn("/etc", project)).toContain("a.key");
  });
});
