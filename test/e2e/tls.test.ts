import { once } from "node:events";
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { connect } from "node:http2";
import { request } from "node:https";
import type { LookupFunction, Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { type Files, has, makeCertificate } from "../certificates.ts";
import { ask } from "./ask.ts";
import { askTls } from "./ask-tls.ts";
import { makeTlsWorld, projectOf, type TlsWorld } from "./tls-world.ts";
import { makeWorld } from "./world.ts";

const APP = `
require("node:http").createServer((req, res) => {
  const { host, "x-forwarded-proto": protocol } = req.headers;
  req.resume().on("end", () => res.end(protocol + " " + host + " " + req.method));
}).on("upgrade", (req, socket) => {
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n");
}).listen(process.env.SOCKET);
`;

const DOMAIN = "shop.localhost";
const missing = ["nginx", "openssl"].filter((program) => !has(program));

/** No name server knows the domains of tests. */
const toThisMachine: LookupFunction = (_, { all }, found) =>
  all ? found(null, [{ address: "127.0.0.1", family: 4 }]) : found(null, "127.0.0.1", 4);

function pem({ certificate }: Files): string {
  return readFileSync(certificate, "utf8");
}

/** A world whose certificate lies beside greenroom.json. */
async function makeGivenWorld(names = [`DNS:${DOMAIN}`], days = 90): Promise<TlsWorld & { files: Files }> {
  const world = await makeTlsWorld(DOMAIN, { certificate: "tls/shop.pem", key: "tls/shop.key" });
  return { ...world, files: makeCertificate(join(world.project, "tls"), "shop", names, days) };
}

function everythingBelow(dir: string): string {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("\n");
}

describe.skipIf(missing.length > 0)(`given certificates (else skipped: needs ${missing})`, () => {
  test("the site is answered by https, and plain HTTP is sent on there", async () => {
    const shop = await makeGivenWorld();
    await shop.up();
    const deployed = await shop.greenroom("deploy");
    expect(deployed).toMatchObject({ exit: 0, result: { live: true } });
    const page = await askTls(shop.tlsPort, DOMAIN, pem(shop.files));
    expect(page).toMatchObject({ status: 200, body: "one" });
    const plain = await ask(shop.port, DOMAIN, "/a?b=c", { method: "POST", body: "x" });
    expect(plain.status).toBe(308);
    expect(plain.headers.location).toBe(`https://${DOMAIN}:${shop.tlsPort}/a?b=c`);
    expect(deployed.result.urls.live).toBe(`https://${DOMAIN}:${shop.tlsPort}/`);

    shop.write({ "index.html": "two" });
    expect(await shop.greenroom("deploy", "--switch")).toMatchObject({ exit: 0 });
    expect((await askTls(shop.tlsPort, DOMAIN, pem(shop.files))).body).toBe("two");
  });

  test("a name without a certificate ends the handshake", async () => {
    const shop = await makeGivenWorld();
    await shop.up();
    await shop.greenroom("deploy");
    await expect(askTls(shop.tlsPort, "other.localhost", pem(shop.files))).rejects.toThrow(
      /unrecognized name/,
    );
  });

  test("the key is in no release, no log and nowhere that others can read", async () => {
    const shop = await makeGivenWorld();
    await shop.up();
    const deployed = await shop.greenroom("deploy");
    const secret = readFileSync(shop.files.key, "utf8").split("\n")[1]!;
    const site = join(shop.root, "sites/shop/production");
    expect(everythingBelow(join(site, "tls"))).toContain(secret);
    expect(statSync(join(site, "tls/own.pem")).mode & 0o007).toBe(0);
    for (const place of ["store", "nginx", "sites/shop/production/releases", "sites/shop/production/log"]) {
      expect(everythingBelow(join(shop.root, place))).not.toContain(secret);
    }
    expect(deployed.stdout + deployed.stderr).not.toContain(secret);
    expect((await askTls(shop.tlsPort, DOMAIN, pem(shop.files), "/tls/shop.key")).status).toBe(404);
  });

  test("previews have a certificate of their own", async () => {
    const shop = await makeTlsWorld(DOMAIN, {
      certificate: "tls/shop.pem",
      key: "tls/shop.key",
      previews: { certificate: "tls/wild.pem", key: "tls/wild.key" },
    });
    makeCertificate(join(shop.project, "tls"), "shop", [`DNS:${DOMAIN}`]);
    const wild = makeCertificate(join(shop.project, "tls"), "wild", [`DNS:*.${DOMAIN}`]);
    await shop.up();
    await shop.greenroom("deploy");
    shop.write({ "index.html": "two" });
    const { result } = await shop.greenroom("deploy");
    const rehearsal = new URL(result.urls.rehearsal);
    expect([rehearsal.protocol, rehearsal.port]).toEqual(["https:", String(shop.tlsPort)]);
    expect((await askTls(shop.tlsPort, rehearsal.hostname, pem(wild))).body).toBe("two");
    expect((await ask(shop.port, rehearsal.hostname)).status).toBe(308);
  });

  test("without one they stay where they were", async () => {
    const shop = await makeGivenWorld();
    await shop.up();
    const { result } = await shop.greenroom("deploy");
    const rehearsal = new URL(result.urls.rehearsal);
    expect([rehearsal.protocol, rehearsal.port]).toEqual(["http:", String(shop.port)]);
  });

  test("files that somebody renews are taken up, and those that can't be used are not", async () => {
    const shop = await makeGivenWorld();
    const up = await shop.up();
    await shop.greenroom("deploy");
    const first = await askTls(shop.tlsPort, DOMAIN, pem(shop.files));
    const installed = join(shop.root, "sites/shop/production/tls/own.pem");
    const other = makeCertificate(join(shop.dir, "other"), "other", [`DNS:${DOMAIN}`]);
    copyFileSync(other.certificate, shop.files.certificate);
    const warned = new Promise<string>((found) => {
      up.child.stdout!.on("data", (chunk) => String(chunk).includes("warning") && found(String(chunk)));
    });
    expect(await warned).toContain("doesn't belong to its key");
    const trusted = readFileSync(installed, "utf8");
    expect((await askTls(shop.tlsPort, DOMAIN, trusted)).fingerprint).toBe(first.fingerprint);

    copyFileSync(other.key, shop.files.key);
    await vi.waitFor(
      async () => {
        const page = await askTls(shop.tlsPort, DOMAIN, pem(other));
        expect([page.status, page.fingerprint === first.fingerprint]).toEqual([200, false]);
      },
      { timeout: 15_000, interval: 200 },
    );
  });

  test("what can't be used is refused by stage, in words, and changes nothing", async () => {
    const shop = await makeGivenWorld();
    await shop.up();
    await shop.greenroom("deploy");
    const good = { pem: pem(shop.files), key: readFileSync(shop.files.key, "utf8") };
    const tls = join(shop.project, "tls");
    const refusal = async () => {
      const { exit, error } = await shop.greenroom("stage");
      expect([exit, error?.code]).toEqual([18, "CERTIFICATE_UNUSABLE"]);
      return error!.message;
    };
    makeCertificate(tls, "shop", [`DNS:${DOMAIN}`], -1);
    expect(await refusal()).toContain("expired on");
    makeCertificate(tls, "shop", ["DNS:shop.example"]);
    expect(await refusal()).toContain(`doesn't cover ${DOMAIN}`);
    writeFileSync(shop.files.certificate, good.pem);
    expect(await refusal()).toContain("doesn't belong to its key");
    writeFileSync(shop.files.key, "nonsense");
    expect(await refusal()).toContain("no private key");
    writeFileSync(shop.files.certificate, "nonsense");
    expect(await refusal()).toContain("holds no certificate");
    shop.write({ "greenroom.json": projectOf(DOMAIN, { certificate: "tls/shop.pem", key: "gone.key" }) });
    expect(await refusal()).toContain("gone.key can't be read");
    expect((await askTls(shop.tlsPort, DOMAIN, good.pem)).status).toBe(200);
  });

  test("status and doctor say how long it is good", async () => {
    const shop = await makeGivenWorld([`DNS:${DOMAIN}`], 90);
    await shop.up();
    await shop.greenroom("deploy");
    const { result } = await shop.greenroom("status");
    expect(result.environments[0].certificates[0]).toMatchObject({ daysLeft: 89, problem: null });
    expect((await shop.plain("status")).stdout).toContain("89 more days");
    const doctor = await shop.greenroom("doctor");
    expect(doctor.result.findings).toContainEqual(
      expect.objectContaining({ what: "shop/production certificate", state: "good" }),
    );
  });

  test("an app is told of it, by HTTP/1.1, HTTP/2 and through a WebSocket's handshake", async () => {
    const shop = await makeGivenWorld();
    const serve = { kind: "process", start: { web: "node app.cjs" } };
    shop.write({
      "app.cjs": APP,
      "greenroom.json": {
        ...projectOf(DOMAIN, { certificate: "tls/shop.pem", key: "tls/shop.key" }),
        serve,
      },
    });
    await shop.up();
    expect(await shop.greenroom("deploy")).toMatchObject({ exit: 0 });
    const ca = pem(shop.files);
    const authority = `${DOMAIN}:${shop.tlsPort}`;
    expect((await askTls(shop.tlsPort, DOMAIN, ca)).body).toBe(`https ${DOMAIN} GET`);

    const session = connect(`https://${authority}`, { ca, host: "127.0.0.1", lookup: toThisMachine });
    const stream = session.request({ ":path": "/", ":method": "POST" }).setEncoding("utf8");
    stream.end("x");
    expect((await stream.toArray()).join("")).toBe(`https ${authority} POST`);
    session.close();

    const socket = request({
      port: shop.tlsPort,
      host: "127.0.0.1",
      servername: DOMAIN,
      ca,
      agent: false,
      headers: { host: DOMAIN, connection: "Upgrade", upgrade: "websocket" },
    }).end();
    const [answer] = (await once(socket, "upgrade")) as [IncomingMessage, Socket];
    expect(answer.statusCode).toBe(101);
    answer.socket.destroy();
  });

  test("a new domain has its certificate from the switch on, and the old one from a rollback on", async () => {
    const shop = await makeGivenWorld();
    await shop.up();
    await shop.greenroom("deploy");
    const old = await askTls(shop.tlsPort, DOMAIN, pem(shop.files));
    const moved = makeCertificate(join(shop.project, "tls"), "new", ["DNS:new.localhost"]);
    const tls = { certificate: "tls/new.pem", key: "tls/new.key" };
    shop.write({ "greenroom.json": projectOf("new.localhost", tls), "index.html": "two" });
    const deployed = await shop.greenroom("deploy");
    expect(deployed.result.urls.live).toBe(`https://${DOMAIN}:${shop.tlsPort}/`);
    expect(await askTls(shop.tlsPort, DOMAIN, pem(shop.files))).toMatchObject({
      body: "one",
      fingerprint: old.fingerprint,
    });

    expect(await shop.greenroom("switch")).toMatchObject({ exit: 0 });
    expect((await askTls(shop.tlsPort, "new.localhost", pem(moved))).body).toBe("two");
    expect((await ask(shop.port, "new.localhost")).status).toBe(308);
    await expect(askTls(shop.tlsPort, DOMAIN, pem(shop.files))).rejects.toThrow(/unrecognized name/);

    expect(await shop.greenroom("rollback")).toMatchObject({ exit: 0 });
    expect(await askTls(shop.tlsPort, DOMAIN, pem(shop.files))).toMatchObject({
      body: "one",
      fingerprint: old.fingerprint,
    });
    await expect(askTls(shop.tlsPort, "new.localhost", pem(moved))).rejects.toThrow(/unrecognized name/);
  });

  test("a certificate that can't be used any more stops no rollback: its domain is plain HTTP until it can", async () => {
    const shop = await makeGivenWorld();
    await shop.up();
    await shop.greenroom("deploy");
    const tls = { certificate: "tls/new.pem", key: "tls/new.key" };
    makeCertificate(join(shop.project, "tls"), "new", ["DNS:new.localhost"]);
    shop.write({ "greenroom.json": projectOf("new.localhost", tls), "index.html": "two" });
    expect(await shop.greenroom("deploy", "--switch")).toMatchObject({ exit: 0 });

    const key = readFileSync(shop.files.key, "utf8");
    writeFileSync(shop.files.key, "nonsense");
    const { exit, result } = await shop.greenroom("rollback");
    expect([exit, result.warnings]).toEqual([0, [expect.stringContaining("isn't taken up")]]);
    expect(await ask(shop.port, DOMAIN)).toMatchObject({ status: 200, body: "one" });
    expect(await shop.greenroom("check")).not.toMatchObject({ error: { code: "CERTIFICATE_UNUSABLE" } });

    writeFileSync(shop.files.key, key);
    await vi.waitFor(
      async () => expect((await askTls(shop.tlsPort, DOMAIN, pem(shop.files))).body).toBe("one"),
      { timeout: 15_000, interval: 200 },
    );
  });

  test("a machine that isn't set up for it says so and goes on by plain HTTP", async () => {
    const shop = makeWorld({ "greenroom.json": projectOf(DOMAIN, "acme"), "index.html": "one" });
    const up = await shop.up();
    const { exit, events } = await shop.greenroom("deploy");
    expect([exit, JSON.stringify(events)]).toEqual([0, expect.stringContaining("isn't set up for TLS")]);
    expect((await ask(up.port, DOMAIN)).body).toBe("one");
  });

  test("setup refuses what can't be", async () => {
    const shop = await makeGivenWorld();
    const refused = async (...argv: string[]) => {
      const { exit, error } = await shop.greenroom("setup", "--yes", ...argv);
      expect(exit).toBe(2);
      return error!.message;
    };
    expect(await refused("--router", "embedded")).toContain("only nginx answers by https");
    expect(await refused("--listen-tls", "nowhere")).toContain("--listen-tls: write an address");
    expect(await refused("--acme-directory", "http://plain.example/")).toContain("--acme-directory");
    expect(await refused("--acme-email", "nobody")).toContain("email");
  });

  test("https that goes away again is plain HTTP again", async () => {
    const shop = await makeGivenWorld();
    await shop.up();
    await shop.greenroom("deploy");
    shop.write({ "greenroom.json": projectOf(DOMAIN, null) });
    expect(await shop.greenroom("stage")).toMatchObject({ exit: 0 });
    expect((await ask(shop.port, DOMAIN)).body).toBe("one");
    await expect(askTls(shop.tlsPort, DOMAIN, pem(shop.files))).rejects.toThrow(/unrecognized name/);
  });
});
