import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, get, type RequestOptions, request, type Server } from "node:https";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { type Files, makeCertificate } from "../certificates.ts";
import { freePorts } from "./tls-world.ts";

export interface Authority {
  /** Its own certificate, for those who talk to it. */
  files: Files;
  directory: string;
  port: number;
  /** What its certificates are to be trusted by. */
  root(): Promise<string>;
  /** Where DNS records can be set (`/set-txt`, `/clear-txt`), and the port that answers them. */
  names: { control: string; port: number };
  /** Where it finds domains from now on. */
  moveDomains(address: string): Promise<void>;
}

interface AuthorityOptions {
  dir: string;
  /** Where nginx answers plain HTTP. */
  httpPort: number;
  /** How long its certificates are valid, in seconds. */
  validity?: number;
}

/** Debian's pebble, and a name server by which all domains are on this machine. They end with the test. */
export async function startAuthority({
  dir,
  httpPort,
  validity = 90 * 86_400,
}: AuthorityOptions): Promise<Authority> {
  const [port, management, dns, names] = (await freePorts(4)) as [number, number, number, number];
  const files = makeCertificate(dir, "pebble", ["IP:127.0.0.1"]);
  const config = join(dir, "pebble.json");
  writeFileSync(
    config,
    JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${port}`,
        managementListenAddress: `127.0.0.1:${management}`,
        certificate: files.certificate,
        privateKey: files.key,
        httpPort,
        tlsPort: 1,
        certificateValidityPeriod: validity,
      },
    }),
  );
  const none = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""];
  const bind = ["-dns01", `127.0.0.1:${dns}`, "-management", `127.0.0.1:${names}`];
  start("pebble-challtestsrv", ["-defaultIPv4", "127.0.0.1", ...none, ...bind]);
  start("pebble", ["-config", config, "-dnsserver", `127.0.0.1:${dns}`], {
    PEBBLE_VA_NOSLEEP: "1",
    // Else every other order asks for no proof at all.
    PEBBLE_AUTHZREUSE: "0",
    PEBBLE_VA_ALWAYS_VALID: "0",
    PEBBLE_WFE_NONCEREJECT: "5",
  });
  const ca = readFileSync(files.certificate, "utf8");
  await vi.waitFor(() => read({ port, path: "/dir", ca }), { timeout: 10_000, interval: 50 });
  return {
    files,
    port,
    directory: `https://127.0.0.1:${port}/dir`,
    names: { control: `http://127.0.0.1:${names}`, port: dns },
    root: () => read({ port: management, path: "/roots/0", ca }),
    async moveDomains(ip) {
      const body = JSON.stringify({ ip });
      const answer = await fetch(`http://127.0.0.1:${names}/set-default-ipv4`, { method: "POST", body });
      if (!answer.ok) throw new Error(`pebble-challtestsrv answers ${answer.status}`);
    },
  };
}

/** Stands before the authority and has it say that it was asked too often. */
export async function startLimiter({ files, port: behind }: Authority, retryAfter: number) {
  const state = { limits: true, orders: 0 };
  const [key, cert] = [readFileSync(files.key), readFileSync(files.certificate)];
  const server: Server = createServer({ key, cert }, (req, res) => {
    if (req.url?.includes("order")) state.orders += 1;
    if (state.limits && req.url?.includes("order-plz")) {
      const type = "urn:ietf:params:acme:error:rateLimited";
      const problem = JSON.stringify({ type, detail: "too many certificates already issued", status: 429 });
      req.resume();
      const headers = { "content-type": "application/problem+json", "retry-after": String(retryAfter) };
      return void res.writeHead(429, headers).end(problem);
    }
    const { url: path, method, headers } = req;
    const onward = request({ host: "127.0.0.1", port: behind, path, method, headers, ca: cert }, (answer) => {
      res.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(res);
    });
    onward.on("error", () => res.destroy());
    req.pipe(onward);
  });
  const [port] = await freePorts(1);
  await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { directory: `https://127.0.0.1:${port}/dir`, state };
}

function start(program: string, args: string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(program, args, { stdio: "ignore", env: { ...process.env, ...env } });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  });
  return child;
}

function read(options: RequestOptions): Promise<string> {
  return new Promise((found, failed) => {
    get({ host: "127.0.0.1", agent: false, ...options }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("end", () => found(text)).on("error", failed);
    }).on("error", failed);
  });
}
