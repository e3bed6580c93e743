import { execFileSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { at, type Site, siteOf } from "../../../src/environment/site.ts";
import { assertFits, pair } from "../../../src/environment/tls/certificate.ts";
import { readGiven } from "../../../src/environment/tls/given-certificates.ts";
import { certificatePath, install, readInstalled, rolesServed } from "../../../src/environment/tls/tls.ts";
import { type Files, has, makeCertificate } from "../../certificates.ts";

// Certificates begin when they are made, which is later than this.
const NOW = new Date(Date.now() + 3_600_000);

function makeSite(): Site {
  const root = mkdtempSync(join(tmpdir(), "gr-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return siteOf(root, "shop", "production");
}

function read({ certificate, key }: Files) {
  return pair(readFileSync(certificate, "utf8"), readFileSync(key, "utf8"), certificate);
}

describe.skipIf(!has("openssl"))("certificates (else skipped: needs openssl)", () => {
  test("cover the names in them, and wildcards one label", () => {
    const { root } = makeSite();
    const certificate = read(makeCertificate(root, "shop", ["DNS:shop.example", "DNS:*.shop.example"]));
    expect(() => assertFits(certificate, "shop.example", "it", NOW)).not.toThrow();
    expect(() => assertFits(certificate, "a.shop.example", "it", NOW)).not.toThrow();
    expect(() => assertFits(certificate, "a.b.shop.example", "it", NOW)).toThrow("doesn't cover");
  });

  test("the common name alone covers nothing, as in browsers", () => {
    const { root } = makeSite();
    const certificate = read(makeCertificate(root, "shop.example", ["DNS:other.example"]));
    expect(() => assertFits(certificate, "shop.example", "it", NOW)).toThrow("doesn't cover");
  });

  test("fit neither before nor after their days", () => {
    const { root } = makeSite();
    const certificate = read(makeCertificate(root, "shop", ["DNS:shop.example"], 10));
    const fits = (days: number) => () =>
      assertFits(certificate, "shop.example", "it", new Date(NOW.getTime() + days * 86_400_000));
    expect(fits(9)).not.toThrow();
    expect(fits(11)).toThrow("expired on");
    expect(fits(-1)).toThrow("isn't valid before");
  });

  test("are told apart from keys of others, and say nothing of a key that can't be read", () => {
    const { root } = makeSite();
    const [one, two] = ["one", "two"].map((name) => makeCertificate(root, name, ["DNS:shop.example"]));
    expect(() => read({ certificate: one!.certificate, key: two!.key })).toThrow("doesn't belong to its key");
    writeFileSync(one!.key, "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
    expect(() => read(one!)).toThrow(/^(?!.*c2VjcmV0).*no private key/);
  });

  test("a chain is kept whole, and the order of it matters", () => {
    const { root } = makeSite();
    const [leaf, above] = ["leaf", "above"].map((name) => makeCertificate(root, name, ["DNS:shop.example"]));
    const [first, second] = [leaf!, above!].map(({ certificate }) => readFileSync(certificate, "utf8"));
    writeFileSync(leaf!.certificate, first! + second!);
    expect(read(leaf!).pem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    writeFileSync(leaf!.certificate, second! + first!);
    expect(() => read(leaf!)).toThrow("doesn't belong to its key");
  });
});

describe.skipIf(!has("openssl"))("what visitors get (else skipped: needs openssl)", () => {
  test("is one file that nobody else can read, replaced whole", () => {
    const site = makeSite();
    const [one, two] = ["one", "two"].map((name) =>
      read(makeCertificate(site.root, name, ["DNS:shop.example"])),
    );
    install(site, "own", one!, null);
    expect(readInstalled(site, "own")?.fingerprint).toBe(one!.fingerprint);
    expect(statSync(certificatePath(site, "own")).mode & 0o777).toBe(0o600);
    install(site, "own", two!, process.getgid!());
    expect(readInstalled(site, "own")?.fingerprint).toBe(two!.fingerprint);
    expect(statSync(certificatePath(site, "own")).mode & 0o777).toBe(0o640);
    expect(readdirSync(at.tls(site))).toEqual(["own.pem"]);
  });

  test("is cleared of what a run that was killed left, not of what another is writing", () => {
    const site = makeSite();
    const certificate = read(makeCertificate(site.root, "one", ["DNS:shop.example"]));
    install(site, "own", certificate, null);
    const [old, young] = [".tmp-0123456789ab-own.pem", ".tmp-ba9876543210-own.pem"];
    for (const name of [old, young]) writeFileSync(join(at.tls(site), name), "key");
    utimesSync(join(at.tls(site), old), new Date(0), new Date(0));
    install(site, "own", certificate, null);
    expect(readdirSync(at.tls(site)).sort()).toEqual([young, "own.pem"]);
  });

  test("is nothing where the file is damaged", () => {
    const site = makeSite();
    install(site, "own", read(makeCertificate(site.root, "one", ["DNS:shop.example"])), null);
    writeFileSync(certificatePath(site, "own"), "half a fi");
    expect(readInstalled(site, "own")).toBe(null);
  });

  test("names below the domain get their own, else a wildcard, else nothing", () => {
    const site = makeSite();
    const files = { certificate: "c", key: "k" };
    const identity = { domain: "shop.example", tls: { own: files, previews: files } };
    const served = () => rolesServed(site, identity);
    expect(served()).toEqual({ domain: null, below: null });
    install(site, "own", read(makeCertificate(site.root, "one", ["DNS:shop.example"])), null);
    expect(served()).toEqual({ domain: "own", below: null });
    const wild = makeCertificate(site.root, "two", ["DNS:shop.example", "DNS:*.shop.example"]);
    install(site, "own", read(wild), null);
    expect(served()).toEqual({ domain: "own", below: "own" });
    install(site, "previews", read(makeCertificate(site.root, "w", ["DNS:*.shop.example"])), null);
    expect(served()).toEqual({ domain: "own", below: "previews" });
    expect(rolesServed(site, { domain: "other.example", tls: identity.tls }).domain).toBe(null);
    expect(rolesServed(site, { domain: "shop.example" })).toEqual({ domain: null, below: null });
  });
});

test("what isn't a file of a usual size any more is told as such, and never waited for", () => {
  const { root } = makeSite();
  const [key, large] = [join(root, "key.pem"), join(root, "large.pem")];
  execFileSync("mkfifo", [key]);
  writeFileSync(large, "");
  truncateSync(large, 2 ** 40);
  for (const file of [key, large, "/dev/zero", root, join(root, "none")]) {
    const owner = {
      environment: "production",
      domain: "shop.example",
      tls: { own: { certificate: file, key: file }, previews: null },
    };
    expect(() => readGiven(owner, "own", NOW)).toThrow(
      expect.objectContaining({
        code: "CERTIFICATE_UNUSABLE",
        message: expect.stringContaining(`${file} can't be read`),
      }),
    );
  }
});
