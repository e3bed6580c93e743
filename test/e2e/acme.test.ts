import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Event } from "../../src/events.ts";
import { has } from "../certificates.ts";
import { ask } from "./ask.ts";
import { askTls } from "./ask-tls.ts";
import { type Authority, startAuthority, startLimiter } from "./authority.ts";
import { whileAsking } from "./load/client.ts";
import { makeTlsWorld, projectOf, type TlsWorld } from "./tls-world.ts";

const DOMAIN = "shop.example.com";
const missing = ["nginx", "openssl", "pebble", "pebble-challtestsrv"].filter((program) => !has(program));
const SOON = { timeout: 20_000, interval: 200 };

interface AcmeWorld extends TlsWorld {
  authority: Authority;
}

async function makeAcmeWorld(validity?: number): Promise<AcmeWorld> {
  const world = await makeTlsWorld(DOMAIN, "acme");
  const authority = await startAuthority({
    dir: join(world.dir, "authority"),
    httpPort: world.port,
    validity,
  });
  vi.stubEnv("NODE_EXTRA_CA_CERTS", authority.files.certificate);
  onTestFinished(() => void vi.unstubAllEnvs());
  await useAuthority(world, authority.directory);
  return { ...world, authority };
}

async function useAuthority(world: TlsWorld, directory: string): Promise<void> {
  const set = await world.greenroom(
    "setup",
    "--yes",
    "--acme-directory",
    directory,
    "--acme-email",
    "me@example.com",
  );
  expect(set).toMatchObject({ exit: 0, result: { written: true } });
}

/** What it says from now on. */
function listen({ stdout }: ChildProcess): Event[] {
  const events: Event[] = [];
  createInterface({ input: stdout! }).on("line", (line) => events.push(JSON.parse(line) as Event));
  return events;
}

function untilCertified(world: AcmeWorld, ca: string, domain = DOMAIN) {
  return vi.waitFor(async () => {
    const page = await askTls(world.tlsPort, domain, ca);
    expect(page.status).toBe(200);
    return page;
  }, SOON);
}

async function certificateOf(world: TlsWorld) {
  return (await world.greenroom("status")).result.environments[0].certificates[0];
}

describe.skipIf(missing.length > 0)(`ACME (else skipped: needs ${missing})`, { timeout: 120_000 }, () => {
  test("a certificate is ordered once something is staged; until then plain HTTP is served", async () => {
    const shop = await makeAcmeWorld();
    const ca = await shop.authority.root();
    const up = await shop.up();
    expect(await shop.greenroom("stage")).toMatchObject({ exit: 0 });
    const page = await vi.waitFor(async () => {
      await askTls(shop.tlsPort, DOMAIN, ca);
      return await ask(shop.port, DOMAIN);
    }, SOON);
    expect(page.status).toBe(308);
    expect(await shop.greenroom("deploy", "--switch")).toMatchObject({ exit: 0 });
    expect((await untilCertified(shop, ca)).body).toBe("one");
    expect(await certificateOf(shop)).toMatchObject({ problem: null, late: false, daysLeft: 89 });

    const acme = join(shop.root, "acme");
    expect(readdirSync(join(acme, "challenges"))).toEqual([]);
    const [account] = readdirSync(join(acme, "accounts"));
    expect(statSync(join(acme, "accounts", account!)).mode & 0o077).toBe(0);
    expect(await up.stop()).toBe(0);
    const installed = statSync(join(shop.root, "sites/shop/production/tls/own.pem")).ino;
    await shop.up();
    await untilCertified(shop, ca);
    expect(statSync(join(shop.root, "sites/shop/production/tls/own.pem")).ino).toBe(installed);
  });

  test("a new domain is certified from the switch on, and the old one again after a rollback", async () => {
    const shop = await makeAcmeWorld();
    const ca = await shop.authority.root();
    await shop.up();
    await shop.greenroom("deploy");
    const first = await untilCertified(shop, ca);
    shop.write({ "greenroom.json": projectOf("new.example.com", "acme"), "index.html": "two" });
    expect(await shop.greenroom("deploy")).toMatchObject({ exit: 0 });
    expect((await askTls(shop.tlsPort, DOMAIN, ca)).fingerprint).toBe(first.fingerprint);
    expect(await shop.greenroom("switch")).toMatchObject({ exit: 0 });
    expect((await untilCertified(shop, ca, "new.example.com")).body).toBe("two");

    expect(await shop.greenroom("rollback")).toMatchObject({ exit: 0 });
    const again = await untilCertified(shop, ca);
    expect([again.body, again.fingerprint === first.fingerprint]).toEqual(["one", false]);
  });

  test("it is renewed when a third of its life is left, and no connection notices", async () => {
    const shop = await makeAcmeWorld(30);
    const ca = await shop.authority.root();
    await shop.up();
    await shop.greenroom("deploy");
    const first = await untilCertified(shop, ca);
    const workers = workersOf(shop);
    const seen = await underLoad(shop, ca, async () => {
      await vi.waitFor(
        async () => {
          expect((await askTls(shop.tlsPort, DOMAIN, ca)).fingerprint).not.toBe(first.fingerprint);
        },
        { timeout: 40_000, interval: 500 },
      );
    });
    expect(seen).toMatchObject({ failed: 0, why: {} });
    expect(Object.keys(seen.certificates).length).toBeGreaterThan(1);
    expect(Math.min(seen.kept, seen.fresh)).toBeGreaterThan(300);
    expect(workersOf(shop)).toBe(workers);
  });

  test("the same load notices a reload of nginx", async () => {
    const shop = await makeAcmeWorld();
    const ca = await shop.authority.root();
    await shop.up();
    await shop.greenroom("deploy");
    await untilCertified(shop, ca);
    const pid = Number(readFileSync(join(shop.root, "nginx/nginx.pid"), "utf8"));
    const seen = await underLoad(shop, ca, async () => {
      for (let i = 0; i < 20; i++) {
        process.kill(pid, "SIGHUP");
        await new Promise((resume) => setTimeout(resume, 300));
      }
    });
    expect(seen.failed).toBeGreaterThan(0);
  });

  test("where the domain leads elsewhere there is none, and status says why", async () => {
    const shop = await makeAcmeWorld();
    await shop.authority.moveDomains("127.0.0.9");
    const up = await shop.up();
    const events = listen(up.child);
    await shop.greenroom("deploy");
    await vi.waitFor(() => expect(events.some(({ event }) => event === "warning")).toBe(true), SOON);
    expect(await certificateOf(shop)).toMatchObject({ until: null, problem: /127\.0\.0\.9.*next try/s });
    expect((await ask(shop.port, DOMAIN)).body).toBe("one");
    expect((await shop.plain("status")).stdout).toContain("plain HTTP");
  });

  test("an authority that was asked too often is left alone, and the old certificate stays", async () => {
    const shop = await makeAcmeWorld(30);
    const ca = await shop.authority.root();
    const { directory, state } = await startLimiter(shop.authority, 3600);
    state.limits = false;
    await useAuthority(shop, directory);
    const up = await shop.up();
    const events = listen(up.child);
    await shop.greenroom("deploy");
    const first = await untilCertified(shop, ca);
    state.limits = true;
    const problem = await vi.waitFor(
      async () => {
        const found = await certificateOf(shop);
        expect(found.problem).toContain("too many certificates");
        return found;
      },
      { timeout: 40_000, interval: 500 },
    );
    const next = new Date(problem.problem.match(/next try is at (\S+)/)[1]);
    expect(next.getTime() - Date.now()).toBeGreaterThan(3_500_000);
    expect(new Date(problem.until).getTime()).toBeGreaterThan(Date.now());
    expect((await askTls(shop.tlsPort, DOMAIN, ca)).fingerprint).toBe(first.fingerprint);
    const said = events.flatMap((event) => (event.event === "warning" ? [event.text] : []));
    expect(said.join()).toContain(`good until ${problem.until}`);
    const { orders } = state;
    await new Promise((resume) => setTimeout(resume, 7000));
    expect(state.orders).toBe(orders);
  });

  test("an authority that isn't there stops nothing", async () => {
    const shop = await makeTlsWorld(DOMAIN, "acme", "--acme-directory", "https://127.0.0.1:9/dir");
    const up = await shop.up();
    expect(await shop.greenroom("deploy")).toMatchObject({ exit: 0 });
    await vi.waitFor(async () => expect((await certificateOf(shop)).problem).toContain("ECONNREFUSED"), SOON);
    expect((await ask(shop.port, DOMAIN)).body).toBe("one");
    expect(await up.stop()).toBe(0);
  });

  test("an `up` that is killed in the middle of an order doesn't ask again at once when it is started", async () => {
    const shop = await makeAcmeWorld();
    const { directory, state } = await startLimiter(shop.authority, 1);
    state.limits = false;
    await useAuthority(shop, directory);
    const up = await shop.up();
    await shop.greenroom("stage");
    await vi.waitFor(() => expect(state.orders).toBeGreaterThan(0), { timeout: 20_000, interval: 1 });
    up.child.kill("SIGKILL");
    await shop.up();
    const { orders } = state;
    await new Promise((resume) => setTimeout(resume, 5000));
    expect(state.orders).toBe(orders);
    expect((await certificateOf(shop)).problem).toContain("was cut short");

    const place = join(shop.root, "sites/shop/production/tls/acme.json");
    const attempts = JSON.parse(readFileSync(place, "utf8"));
    attempts.failure.next = new Date(0).toISOString();
    writeFileSync(place, JSON.stringify(attempts));
    await vi.waitFor(() => expect(state.orders).toBeGreaterThan(orders), SOON);
  });

  test("an authority that never answers doesn't keep `up` from ending", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((listening) => silent.listen(0, "127.0.0.1", listening));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const shop = await makeTlsWorld(DOMAIN, "acme", "--acme-directory", `https://127.0.0.1:${port}/dir`);
    const up = await shop.up();
    await shop.greenroom("deploy");
    const asked = new Promise<Socket>((found) => silent.once("connection", found));
    (await asked).on("error", () => {});
    const since = performance.now();
    expect(await up.stop()).toBe(0);
    expect(performance.now() - since).toBeLessThan(3000);
    expect((await certificateOf(shop)).problem).toBe("there is none yet");
  });
});

function workersOf(world: TlsWorld): string {
  const pid = readFileSync(join(world.root, "nginx/nginx.pid"), "utf8").trim();
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
}

interface Seen {
  kept: number;
  fresh: number;
  failed: number;
  certificates: Record<string, number>;
  why: Record<string, number>;
}

async function underLoad(world: TlsWorld, ca: string, act: () => Promise<void>): Promise<Seen> {
  const authorities = join(world.dir, "authorities.pem");
  writeFileSync(authorities, ca);
  return whileAsking("tls-load-client.mjs", [String(world.tlsPort), DOMAIN, authorities], act);
}
