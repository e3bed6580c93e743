import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeCertificate } from "../certificates.ts";
import { lacksMachine } from "./machine.ts";
import { makeServingServer, NOBODY, SETUP, snapshot } from "./server.ts";

const lacks = lacksMachine();
type Serving = Awaited<ReturnType<typeof makeServingServer>>;

const OWN = [
  "--yes",
  "--unprivileged",
  "--router=nginx",
  "--supervisor=supervisord",
  "--listen=127.0.0.1:8080",
  "--listen-tls=127.0.0.1:8443",
];
const MODES = [
  { who: "root with the machine's own", as: [], setup: SETUP, port: 80 },
  { who: "root with parts of its own", as: [], setup: OWN, port: 8080 },
  { who: "another account with parts of its own", as: NOBODY, setup: OWN, port: 8080 },
];
type Mode = (typeof MODES)[number];

interface Case {
  title: string;
  /** Only where this is so. */
  where?: (mode: Mode) => boolean;
  wrong?: (server: Serving) => unknown;
  mend?: (server: Serving) => unknown;
  serve?: object;
  project?: string;
  domain?: string;
  more?: object;
  exit: number;
  code: string;
  says: RegExp;
  hint: RegExp;
}

const isRoot = ({ as }: Mode) => as.length === 0;
const isMachines = ({ setup }: Mode) => setup === SETUP;
const PHP = { kind: "php" };
const APP = { kind: "process", start: { web: "node app.cjs" } };
const LONG = "p".repeat(40);
const TLS = { tls: { certificate: "tls/bad.pem", key: "tls/bad.key" } };

const certify = (names: string[], days?: number) => (server: Serving) => {
  makeCertificate(join(server.project, "tls"), "bad", names, days);
  chmodSync(join(server.project, "tls/bad.key"), 0o644);
};

const notDomain = (domain: string): Case => ({
  title: `${domain} is no domain`,
  domain,
  exit: 2,
  code: "CONFIG_INVALID",
  says: /write a domain without a port/,
  hint: /./,
});

const CASES: Case[] = [
  ...[
    "shop_.example",
    "http://shop.example",
    "shop.example:80",
    "shop example",
    "-a.example",
    "a..example",
  ].map(notDomain),
  {
    title: "another environment has the domain",
    domain: "good.example",
    exit: 13,
    code: "DOMAIN_TAKEN",
    says: /good\.example belongs to good\/production/,
    hint: /another domain/,
  },
  {
    title: "nginx serves the domain by a file of its own",
    where: isMachines,
    wrong: ({ machine }) =>
      writeFileSync(
        join(machine.dir, "etc/nginx/sites-enabled/hand"),
        "server { listen 80; server_name bad.example; }",
      ),
    mend: ({ machine }) => machine.sh("rm", "/etc/nginx/sites-enabled/hand"),
    exit: 13,
    code: "DOMAIN_TAKEN",
    says: /nginx already serves bad\.example/,
    hint: /take it out of \/etc\/nginx\/sites-enabled\/hand/,
  },
  {
    title: "the certificate has expired",
    wrong: certify(["DNS:bad.example"], -1),
    more: TLS,
    exit: 18,
    code: "CERTIFICATE_UNUSABLE",
    says: /expired on/,
    hint: /mend environments\.production\.tls/,
  },
  {
    title: "the certificate is another domain's",
    wrong: certify(["DNS:other.example"]),
    more: TLS,
    exit: 18,
    code: "CERTIFICATE_UNUSABLE",
    says: /doesn't cover bad\.example/,
    hint: /mend environments\.production\.tls/,
  },
  {
    title: "the certificate doesn't match its key",
    wrong(server) {
      certify(["DNS:bad.example"])(server);
      const other = makeCertificate(join(server.dir, "other"), "other", ["DNS:bad.example"]);
      execFileSync("cp", [other.certificate, join(server.project, "tls/bad.pem")]);
    },
    more: TLS,
    exit: 18,
    code: "CERTIFICATE_UNUSABLE",
    says: /doesn't belong to its key/,
    hint: /mend environments\.production\.tls/,
  },
  {
    title: "the key is for somebody else's eyes only",
    where: (mode) => !isRoot(mode),
    wrong(server) {
      certify(["DNS:bad.example"])(server);
      chmodSync(join(server.project, "tls/bad.key"), 0o600);
    },
    mend: ({ project }) => chmodSync(join(project, "tls/bad.key"), 0o644),
    more: TLS,
    exit: 18,
    code: "CERTIFICATE_UNUSABLE",
    says: /bad\.key can't be read/,
    hint: /mend environments\.production\.tls/,
  },
  {
    title: "PHP is to run as an account that isn't there",
    where: isRoot,
    serve: { ...PHP, user: "nobody-here" },
    exit: 2,
    code: "CONFIG_INVALID",
    says: /no account "nobody-here"/,
    hint: /useradd/,
  },
  {
    title: "an app is to run as an account that isn't there",
    where: isRoot,
    serve: { ...APP, user: "nobody-here" },
    exit: 2,
    code: "CONFIG_INVALID",
    says: /no account "nobody-here"/,
    hint: /useradd/,
  },
  {
    title: "PHP-FPM doesn't run",
    where: isMachines,
    wrong: ({ machine }) => machine.stop("php-fpm"),
    mend: ({ machine }) => machine.start("php-fpm"),
    serve: PHP,
    exit: 18,
    code: "UP_NOT_RUNNING",
    says: /PHP-FPM doesn't run/,
    hint: /systemctl start php/,
  },
  {
    title: "an app's socket has too long a path",
    serve: APP,
    project: LONG,
    exit: 20,
    code: "ROOT_UNUSABLE",
    says: /would be \d+ bytes long, \d+ more than the kernel takes/,
    hint: /"listen": "port"/,
  },
  {
    title: "a PHP site's socket has too long a path",
    serve: PHP,
    project: LONG,
    exit: 20,
    code: "ROOT_UNUSABLE",
    says: /would be \d+ bytes long, \d+ more than the kernel takes/,
    hint: /shorter root/,
  },
];

/** What visitors and the machine's own parts would notice. */
function stateOf(server: Serving): string {
  const listed = ["sites", "nginx/sites", "hosts"].map((dir) => readdirSync(join(server.root, dir)));
  return [server.snapshot(), ...listed, snapshot(join(server.root, "nginx/sites"))].join("\n");
}

describe.skipIf(lacks)(
  `a site that can't be served is refused (else skipped: ${lacks})`,
  { timeout: 180_000 },
  () => {
    test.each(MODES)("as $who", async (mode) => {
      const server = await makeServingServer(mode);
      const { port } = mode;
      const files = { "index.html": "good", "public/index.php": "<?php echo 1;", "app.cjs": "" };
      const deploy = (project: string, domain: string, serve: object, more: object = {}) => {
        const environments = { [project === LONG ? "e".repeat(40) : "production"]: { domain, ...more } };
        server.write({ "greenroom.json": { project, serve, environments }, ...files });
        return server.greenroom("deploy");
      };
      const good = await deploy("good", "good.example", { kind: "static" });
      expect(good, good.stdout).toMatchObject({ exit: 0 });
      for (const { title, where, wrong, mend, serve = { kind: "static" }, ...wanted } of CASES) {
        if (where && !where(mode)) continue;
        await wrong?.(server);
        const before = stateOf(server);
        const { project = "bad", domain = "bad.example", more } = wanted;
        const { exit, error, stdout } = await deploy(project, domain, serve, more);
        expect.soft([exit, error?.code], `${title}: ${stdout}`).toEqual([wanted.exit, wanted.code]);
        expect.soft(error?.message, title).toMatch(wanted.says);
        expect.soft(error?.hint, `${title}: hint`).toMatch(wanted.hint);
        expect.soft(stateOf(server), title).toBe(before);
        expect.soft((await server.machine.ask("good.example", "/", { port })).body, title).toBe("good");
        await mend?.(server);
      }
      const before = stateOf(server);
      const long = await deploy(LONG, "long.example", { kind: "static" });
      expect(long, long.stdout).toMatchObject({ exit: 0 });
      expect(stateOf(server)).not.toBe(before);
      expect((await server.machine.ask("long.example", "/", { port })).body).toBe("good");
    });
  },
);
