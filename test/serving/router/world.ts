import { mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { movePointer, orNull } from "../../../src/disk/durable.ts";
import type { PublicFiles } from "../../../src/environment/public-files.ts";
import { SIDES, type Side } from "../../../src/environment/sides.ts";
import { at, type Site, siteOf } from "../../../src/environment/site.ts";
import type { ProcessServing, Serving, StagedSpec } from "../../../src/environment/spec.ts";
import { moveTraffic } from "../../../src/environment/traffic.ts";
import { createOwnNginx } from "../../../src/serving/nginx/listener.ts";
import { createRouter, type Router } from "../../../src/serving/router/router.ts";
import { freePort } from "../../free-port.ts";

export const SECRET = "s3cret";

export const STATIC: Serving = { kind: "static", public: "." };

export const PROCESS: ProcessServing = {
  kind: "process",
  start: { web: "true" },
  public: null,
  health: "/",
  listen: "socket",
  startWithin: 1000,
  drain: 1000,
  user: null,
};

export type RouterName = "embedded" | "nginx";

export interface World {
  root: string;
  site: Site;
  /** Puts a release on disk; files by path. */
  release(
    version: string,
    files: Record<string, string | Buffer>,
    serve?: Serving,
    storage?: string[],
    known?: Partial<PublicFiles>,
  ): void;
  side(side: Side, version: string): void;
  /** The traffic of a live side, with so many buckets at the other one. */
  traffic(live: Side, canary?: number): void;
  /** New requests wait for so many milliseconds, or until the traffic moves. */
  pause(live: Side, milliseconds: number): void;
  preview(name: string, target: string): void;
  start(router?: RouterName): Promise<{ router: Router; port: number }>;
}

/** A root with one environment, made by hand. It goes with the test. */
export function makeWorld(domain = "shop.localhost", more: { subdomains?: boolean } = {}): World {
  const root = mkdtempSync(join(tmpdir(), "gr-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const site = siteOf(root, "shop", "production");
  const identity = {
    project: "shop",
    environment: "production",
    domain,
    subdomains: false,
    previews: "secret",
  };
  for (const folder of ["hosts", "store"]) mkdirSync(join(root, folder));
  for (const folder of ["releases", "traffic.d", "previews", "storage", "config", "run", "log"]) {
    mkdirSync(join(site.dir, folder), { recursive: true });
  }
  writeFileSync(at.identity(site), JSON.stringify({ ...identity, ...more }));
  symlinkSync("../sites/shop/production", join(at.hosts(root), domain));
  let generation = 0;
  return {
    root,
    site,
    release(version, content, serve = STATIC, storage = [], known = {}) {
      put(at.release(site, version), content);
      const files = { precompressed: false, links: [], ...known };
      const spec: Partial<StagedSpec> = { project: "shop", environment: "production", serve, storage, files };
      writeFileSync(at.staged(site, version), JSON.stringify(spec));
    },
    side: (side, version) => movePointer(at.side(site, side), `releases/${version}`),
    traffic: (live, canary = 0) => moveTraffic(site, { generation: ++generation, live, share: canary }),
    pause(live, milliseconds) {
      const until = new Date(Date.now() + milliseconds).toISOString();
      moveTraffic(site, { generation: ++generation, live, share: 0, until });
    },
    preview(name, target) {
      const places = join(at.previews(site), name);
      symlinkSync(target, places);
      for (const side of SIDES) {
        if (target === "../rehearsal") symlinkSync(`../traffic/rehearsal.${side}`, `${places}@${side}`);
        else if (showsSide(site, target, side)) symlinkSync(`../${side}`, `${places}@${side}`);
      }
    },
    start(router = "embedded") {
      movePointer(join(site.dir, "rehearsal"), "traffic/rehearsal");
      return router === "nginx" ? startNginx(root) : startEmbedded(root);
    },
  };
}

function showsSide(site: Site, target: string, side: Side): boolean {
  if (target === `../${side}`) return true;
  const release = orNull(() => basename(readlinkSync(at.side(site, side))), "ENOENT");
  return release !== null && target === `../releases/${release}`;
}

async function startEmbedded(root: string) {
  const router = createRouter(root);
  onTestFinished(() => router.close(0));
  return { router, ...(await router.listen({ host: "127.0.0.1", port: 0 })) };
}

async function startNginx(root: string) {
  const doors = { listen: [`127.0.0.1:${await freePort()}`], listenTls: [], unprivileged: true };
  const router = createOwnNginx(root, doors, () => {});
  const { port } = await router.listen({ host: "", port: 0 });
  onTestFinished(() => router.close(1000));
  return { router: router as Router, port };
}

/** The world that most tests need: release 1 live on blue, release 2 rehearsed on green. */
export function makeStagedWorld(serve: Serving = STATIC, more: { subdomains?: boolean } = {}): World {
  const world = makeWorld("shop.localhost", more);
  world.release("2026.11.21.1", { "index.html": "one\n" }, serve);
  world.release("2026.11.21.2", { "index.html": "two\n" }, serve);
  world.side("blue", "2026.11.21.1");
  world.side("green", "2026.11.21.2");
  world.traffic("blue");
  return world;
}

export function put(dir: string, files: Record<string, string | Buffer>): void {
  mkdirSync(dir, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
}

export type App = Parameters<typeof createServer>[1];

/** An app of the test's on the Unix socket of a side. */
export async function startApp(site: Site, side: Side, app: App): Promise<Server> {
  return startAppOn(at.socket(site, side), app);
}

export async function startAppOn(place: string | number, app: App): Promise<Server> {
  const server = createServer(app);
  await new Promise<void>((resolve) => {
    if (typeof place === "number") server.listen(place, "127.0.0.1", resolve);
    else server.listen(place, resolve);
  });
  onTestFinished(() => endApp(server));
  return server;
}

export async function endApp(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
