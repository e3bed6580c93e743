import { mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { movePointer, readJson, writeJsonDurably } from "../../../src/disk/durable.ts";
import { isHeld, tryLock } from "../../../src/disk/lock.ts";
import type { Side } from "../../../src/environment/sides.ts";
import { at, type ProcessState, type Site, siteOf } from "../../../src/environment/site.ts";
import type { ProcessServing, StagedSpec } from "../../../src/environment/spec.ts";
import type { Event } from "../../../src/events.ts";
import { createChildRunner } from "../../../src/serving/supervisor/children.ts";
import { createSupervisorClient } from "../../../src/serving/supervisor/client.ts";
import { endLeftovers } from "../../../src/serving/supervisor/leftovers.ts";
import { startSupervisor } from "../../../src/serving/supervisor/supervisor.ts";
import { type Supervisord, supervisordOf } from "../../../src/serving/supervisord/places.ts";
import { retire } from "../../../src/serving/supervisord/retire.ts";
import { createSupervisordRunner } from "../../../src/serving/supervisord/runner.ts";
import { temporaryFolder, until } from "../../processes/program.ts";
import type { SupervisorName } from "../contract/supervisors.ts";

/** Answers with its release and pid; `/slow` takes a while; asked to end, it finishes what it has begun. */
const SERVER = `
  const http = require("node:http");
  const server = http.createServer((req, res) => {
    const body = JSON.stringify({ pid: process.pid, env: process.env, cwd: process.cwd() });
    if (req.url === "/healthz") { res.statusCode = Number(process.env.HEALTH ?? 200); return res.end(); }
    if (req.url === "/crash") { console.error("about to crash"); process.exit(7); }
    if (req.url === "/slow") { res.write("begun "); return setTimeout(() => res.end("finished"), 400); }
    res.end(body);
  });
  process.on("SIGTERM", () => { server.close(() => process.exit()); server.closeIdleConnections(); });
  server.listen(process.env.SOCKET ?? { port: Number(process.env.PORT), host: "127.0.0.1" });
`;

export const SERVE: ProcessServing = {
  kind: "process",
  start: { web: "exec node server.js" },
  public: null,
  health: "/healthz",
  listen: "socket",
  startWithin: 20_000,
  drain: 5_000,
  user: null,
};

export function makeSite(root = temporaryFolder(), environment = "production"): Site {
  const site = siteOf(root, "shop", environment);
  for (const folder of ["releases", "config", "run", "log", "traffic.d"]) {
    mkdirSync(join(site.dir, folder), { recursive: true });
  }
  const domain = `${environment}.localhost`;
  writeJsonDurably(at.identity(site), { ...site, domain, subdomains: false, previews: "open" });
  return site;
}

/** What a staging leaves on disk, up to the moment when the side's pointer moves. */
export function putRelease(
  site: Site,
  version: string,
  serve: Partial<ProcessServing> = {},
  env = {},
): StagedSpec {
  mkdirSync(at.release(site, version), { recursive: true });
  writeFileSync(join(at.release(site, version), "server.js"), SERVER);
  const spec: StagedSpec = {
    project: site.project,
    environment: site.environment,
    domain: `${site.environment}.localhost`,
    subdomains: false,
    tls: null,
    previews: "open",
    keep: 5,
    switch: "manual",
    servers: ["local"],
    serve: { ...SERVE, ...serve },
    env,
    storage: [],
    config: [],
    files: { precompressed: false, links: [] },
    tasks: {},
    checks: [],
    hooks: {},
  };
  writeJsonDurably(at.staged(site, version), spec);
  return spec;
}

export function pointSide(site: Site, side: Side, version: string): void {
  movePointer(at.side(site, side), `releases/${version}`);
}

export function goLive(site: Site, side: Side): void {
  const generation = String(Date.now() + Math.random());
  mkdirSync(join(at.generations(site), generation));
  movePointer(join(at.generations(site), generation, "live"), `../../${side}`);
  movePointer(at.traffic(site), `traffic.d/${generation}`);
}

/** A supervisor in this process, which also plays `greenroom up` for the client. Nothing outlives the test. */
export async function supervise(root: string, kind: SupervisorName | Supervisord = "embedded") {
  const events: Event[] = [];
  const emit = (event: Event) => void events.push(event);
  const lock = tryLock(at.upLock(root), { pid: process.pid });
  if (isHeld(lock)) throw new Error("somebody else has up.lock");
  writeJsonDurably(at.up(root), { pid: process.pid, host: "127.0.0.1", port: 0, since: "" });
  onTestFinished(async () => {
    await retire(root);
    await endLeftovers(root);
  });
  const place = typeof kind === "string" ? supervisordOf(root, true) : kind;
  const supervisor = await startSupervisor(root, {
    emit,
    runner: kind === "embedded" ? createChildRunner(root, emit) : createSupervisordRunner(place, emit),
    urlOf: (domain) => `http://${domain}`,
  });
  onTestFinished(async () => {
    await supervisor.close();
    lock.release();
  });
  return { supervisor, client: createSupervisorClient(root), events, lock };
}

export function readState(site: Site, side: Side): ProcessState | null {
  return readJson<ProcessState>(at.processes(site, side));
}

export function untilState(
  site: Site,
  side: Side,
  matches: (state: ProcessState) => boolean,
): Promise<ProcessState> {
  return until(`${side} is as it should be`, () => {
    const state = readState(site, side);
    return state && matches(state) ? state : null;
  });
}

export function untilHealthy(site: Site, side: Side, release: string): Promise<ProcessState> {
  return untilState(site, side, (state) => state.status === "healthy" && state.release === release);
}

export function get(target: { socketPath: string } | { port: number }, path = "/"): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", ...target, path, agent: false }, (response) => {
      let body = "";
      response
        .on("data", (chunk) => (body += chunk))
        .on("end", () => resolve(body))
        .on("error", reject);
    });
    asked.on("error", reject).end();
  });
}
