import { X509Certificate } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { has, makeCertificate } from "../certificates.ts";
import { ask } from "./ask.ts";
import { askTls } from "./ask-tls.ts";
import { type Authority, startAuthority } from "./authority.ts";
import { type DnsProgram, makeDnsProgram, SECRET } from "./dns-program.ts";
import { makeTlsWorld, projectOf, type TlsWorld } from "./tls-world.ts";

const DOMAIN = "shop.example.com";
const RECORD = `_acme-challenge.${DOMAIN}`;
const TLS = { certificate: "acme", previews: "acme" };
const missing = ["nginx", "openssl", "pebble", "pebble-challtestsrv"].filter((program) => !has(program));
const SOON = { timeout: 30_000, interval: 200 };

interface DnsWorld extends TlsWorld {
  authority: Authority;
  program: DnsProgram;
}

async function makeDnsWorld(validity?: number, tls: object = TLS): Promise<DnsWorld> {
  const world = await makeTlsWorld(DOMAIN, tls);
  const dir = join(world.dir, "authority");
  const authority = await startAuthority({ dir, httpPort: world.port, validity });
  vi.stubEnv("NODE_EXTRA_CA_CERTS", authority.files.certificate);
  onTestFinished(() => void vi.unstubAllEnvs());
  const program = makeDnsProgram(world.dir, authority);
  const by = ["--acme-directory", authority.directory, "--acme-dns", program.path, "--acme-dns-wait", "0"];
  expect(await world.greenroom("setup", "--yes", ...by)).toMatchObject({
    exit: 0,
    result: { written: true },
  });
  return { ...world, authority, program };
}

/** All that `up` says from now on, and after it has ended. */
function hear({ child }: Awaited<ReturnType<TlsWorld["up"]>>): { said: string } {
  const heard = { said: "" };
  child.stdout!.on("data", (chunk: Buffer) => {
    heard.said += chunk;
  });
  return heard;
}

async function previewOf(world: TlsWorld): Promise<URL> {
  return new URL((await world.greenroom("status")).result.environments[0].urls.rehearsal);
}

async function previewsOf(world: TlsWorld) {
  const { certificates } = (await world.greenroom("status")).result.environments[0];
  return certificates.find(({ role }: { role: string }) => role === "previews");
}

async function untilPreviewed(world: DnsWorld, ca: string) {
  const { hostname } = await previewOf(world);
  return vi.waitFor(async () => {
    const page = await askTls(world.tlsPort, hostname, ca);
    expect(page.status).toBe(200);
    return page;
  }, SOON);
}

function certificateIn(world: TlsWorld, name: string): X509Certificate {
  const pem = readFileSync(join(world.root, "sites/shop/production/tls", name), "utf8");
  return new X509Certificate(pem.slice(pem.indexOf("-----BEGIN CERTIFICATE")));
}

function notesOf(world: TlsWorld): string[] {
  const place = join(world.root, "acme/records");
  return existsSync(place) ? readdirSync(place) : [];
}

describe.skipIf(missing.length > 0)(
  `ACME by DNS (else skipped: needs ${missing})`,
  { timeout: 120_000 },
  () => {
    test("previews are answered by https, and no certificate holds their names", async () => {
      const shop = await makeDnsWorld();
      const ca = await shop.authority.root();
      const up = await shop.up();
      const heard = hear(up);
      await shop.greenroom("deploy", "--switch");
      shop.write({ "index.html": "two" });
      expect(await shop.greenroom("stage")).toMatchObject({ exit: 0 });
      expect((await untilPreviewed(shop, ca)).body).toBe("two");
      expect((await askTls(shop.tlsPort, DOMAIN, ca)).body).toBe("one");

      const preview = await previewOf(shop);
      expect([preview.protocol, Number(preview.port)]).toEqual(["https:", shop.tlsPort]);
      expect((await ask(shop.port, preview.hostname)).status).toBe(308);
      expect(certificateIn(shop, "previews.pem").subjectAltName).toBe(`DNS:*.${DOMAIN}`);
      expect(certificateIn(shop, "own.pem").subjectAltName).toBe(`DNS:${DOMAIN}`);
      expect(await previewsOf(shop)).toMatchObject({ problem: null, late: false, host: `*.${DOMAIN}` });

      const [set, clear, ...more] = shop.program.calls();
      expect([set!.slice(0, 2), clear, more]).toEqual([["set", RECORD], ["clear", ...set!.slice(1)], []]);
      expect([await shop.program.records(RECORD), notesOf(shop)]).toEqual([[], []]);
      expect(heard.said).toContain(`*.${DOMAIN} has a certificate`);
      expect(heard.said).not.toContain(SECRET);
    });

    test("the wildcard is renewed when a third of its life is left; until that is possible the old one stays", async () => {
      const shop = await makeDnsWorld(60);
      const ca = await shop.authority.root();
      await shop.up();
      await shop.greenroom("stage");
      const first = await untilPreviewed(shop, ca);
      const { hostname } = await previewOf(shop);
      shop.program.afterwards("exit 1");
      const failed = await vi.waitFor(
        async () => {
          const found = await previewsOf(shop);
          expect(found.problem).toContain("failed (exit 1)");
          return found;
        },
        { timeout: 60_000, interval: 500 },
      );
      expect(new Date(failed.until).getTime()).toBeGreaterThan(Date.now());
      expect((await askTls(shop.tlsPort, hostname, ca)).fingerprint).toBe(first.fingerprint);

      shop.program.afterwards("");
      const place = join(shop.root, "sites/shop/production/tls/acme-previews.json");
      const attempts = JSON.parse(readFileSync(place, "utf8"));
      attempts.failure.next = new Date(0).toISOString();
      writeFileSync(place, JSON.stringify(attempts));
      await vi.waitFor(async () => {
        expect((await askTls(shop.tlsPort, hostname, ca)).fingerprint).not.toBe(first.fingerprint);
      }, SOON);
    });

    test("a program that sets nothing gets no certificate, and the authority says why", async () => {
      const shop = await makeDnsWorld();
      const ca = await shop.authority.root();
      const silent = join(shop.dir, "silent");
      writeFileSync(silent, "#!/bin/sh\n");
      chmodSync(silent, 0o755);
      await shop.greenroom("setup", "--yes", "--acme-dns", silent);
      const up = await shop.up();
      await shop.greenroom("deploy", "--switch");
      await vi.waitFor(async () => expect((await previewsOf(shop)).problem).toMatch(/TXT.*next try/s), SOON);
      expect((await askTls(shop.tlsPort, DOMAIN, ca)).body).toBe("one");
      expect(await up.stop()).toBe(0);

      // Another program is tried at once.
      await shop.greenroom("setup", "--yes", "--acme-dns", shop.program.path);
      await shop.up();
      shop.write({ "index.html": "two" });
      await shop.greenroom("stage");
      expect((await untilPreviewed(shop, ca)).body).toBe("two");
    });

    test("a program that fails is quoted; what there is goes on", async () => {
      const shop = await makeDnsWorld();
      const ca = await shop.authority.root();
      shop.program.afterwards("echo 'the zone is locked' >&2; test $1 = clear");
      const heard = hear(await shop.up());
      await shop.greenroom("deploy", "--switch");
      shop.write({ "index.html": "two" });
      await shop.greenroom("stage");
      await vi.waitFor(
        async () => expect((await previewsOf(shop)).problem).toContain("the zone is locked"),
        SOON,
      );
      const { problem, until } = await previewsOf(shop);
      expect(problem).toMatch(/set _acme-challenge\.shop\.example\.com failed \(exit 1\).*next try is at/);
      expect([until, problem.includes("127.0.0.1:")]).toEqual([null, false]);
      expect(heard.said).toContain("the zone is locked");
      expect((await askTls(shop.tlsPort, DOMAIN, ca)).body).toBe("one");
      expect((await ask(shop.port, (await previewOf(shop)).hostname)).body).toBe("two");
      expect((await shop.plain("doctor")).stdout).toContain("the zone is locked");
      chmodSync(shop.program.path, 0o644);
      expect((await shop.plain("doctor")).stderr).toMatch(/DNS program.*isn't executable/);
      const attempts = join(shop.root, "sites/shop/production/tls/acme-previews.json");
      expect(statSync(attempts).mode & 0o077).toBe(0);
      expect(shop.program.calls().map(([verb]) => verb)).toEqual(["set", "clear"]);
      expect([await shop.program.records(RECORD), notesOf(shop)]).toEqual([[], []]);
    });

    test("a record that was set when `up` was killed is cleared by the next one", async () => {
      const shop = await makeDnsWorld();
      shop.program.afterwards("exec sleep 4");
      const up = await shop.up();
      await shop.greenroom("stage");
      await vi.waitFor(async () => expect(await shop.program.records(RECORD)).toHaveLength(1), SOON);
      up.child.kill("SIGKILL");
      expect(notesOf(shop)).toHaveLength(1);
      await new Promise((resume) => setTimeout(resume, 5000));
      expect(await shop.program.records(RECORD)).toHaveLength(1);

      shop.program.afterwards("");
      await shop.up();
      await vi.waitFor(async () => expect(await shop.program.records(RECORD)).toEqual([]), SOON);
      await vi.waitFor(() => expect(notesOf(shop)).toEqual([]), SOON);
    });

    test("a record that can't be cleared costs no certificate, and is cleared later", async () => {
      const shop = await makeDnsWorld();
      const ca = await shop.authority.root();
      shop.program.afterwards("test $1 = set");
      const up = await shop.up();
      const heard = hear(up);
      await shop.greenroom("stage");
      await untilPreviewed(shop, ca);
      expect([heard.said.includes(`${RECORD} is left for now`), notesOf(shop).length]).toEqual([true, 1]);
      await up.stop();
      shop.program.afterwards("");
      await shop.up();
      await vi.waitFor(() => expect(notesOf(shop)).toEqual([]), SOON);
    });

    test("a program that hangs doesn't keep `up` from ending", async () => {
      const shop = await makeDnsWorld();
      shop.program.afterwards("exec sleep 300");
      const up = await shop.up();
      await shop.greenroom("stage");
      await vi.waitFor(async () => expect(await shop.program.records(RECORD)).toHaveLength(1), SOON);
      expect(await up.stop()).toBe(0);
      expect((await previewsOf(shop)).problem).toBe("there is none yet");
    });

    test("an `up` that ends while name servers are waited for takes the record with it", async () => {
      const shop = await makeDnsWorld();
      await shop.greenroom("setup", "--yes", "--acme-dns-wait", "3600");
      const up = await shop.up();
      await shop.greenroom("stage");
      await vi.waitFor(async () => expect(await shop.program.records(RECORD)).toHaveLength(1), SOON);
      expect(await up.stop()).toBe(0);
      expect([await shop.program.records(RECORD), notesOf(shop)]).toEqual([[], []]);
      expect((await previewsOf(shop)).problem).toBe("there is none yet");
    });

    test("without such a program `stage` refuses, says how to go on, and changes nothing", async () => {
      const shop = await makeTlsWorld(DOMAIN, TLS);
      const refused = await shop.greenroom("stage");
      expect(refused.error).toMatchObject({
        code: "CERTIFICATE_UNUSABLE",
        message: /\*\.shop\.example\.com.*DNS-01/,
      });
      expect(refused.error?.hint).toContain("setup --acme-dns PROGRAM");
      expect(existsSync(join(shop.root, "sites/shop"))).toBe(false);
      const own = makeCertificate(join(shop.project, "tls"), "own", [`DNS:${DOMAIN}`]);
      shop.write({ "greenroom.json": projectOf(DOMAIN, { ...own, previews: "acme" }) });
      expect((await shop.greenroom("stage")).error?.code).toBe("CERTIFICATE_UNUSABLE");
      shop.write({ "greenroom.json": projectOf(DOMAIN, "acme") });
      expect(await shop.greenroom("stage")).toMatchObject({ exit: 0 });
    });
  },
);

test.each([
  [["--acme-dns", "hook"], /whole path/],
  [["--acme-dns", "/no/such/program"], /can't be found/],
  [["--acme-dns", "/etc/passwd"], /isn't executable/],
  [["--acme-dns-wait", "soon"], /number of seconds/],
  [["--acme-dns-wait", "-1"], /acme-dns-wait/],
])("setup %j is refused, and nothing is written", async (words, why) => {
  const shop = await makeTlsWorld(DOMAIN, "acme");
  const before = readFileSync(join(shop.root, "machine.json"), "utf8");
  const refused = await shop.greenroom("setup", "--yes", ...words);
  expect([refused.exit, refused.error?.message]).toEqual([2, expect.stringMatching(why)]);
  expect(readFileSync(join(shop.root, "machine.json"), "utf8")).toBe(before);
});
