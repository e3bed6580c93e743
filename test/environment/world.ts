import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { readBasis } from "../../src/environment/basis.ts";
import type { Parts } from "../../src/environment/parts.ts";
import { at, siteOf } from "../../src/environment/site.ts";
import type { EnvironmentSpec } from "../../src/environment/spec.ts";
import type { EnvironmentState } from "../../src/environment/state.ts";
import type { Scene, World } from "../../src/environment/world.ts";
import { GreenroomError } from "../../src/errors.ts";
import type { Event } from "../../src/events.ts";
import { parseProject } from "../../src/project/load.ts";
import { type Made, makeRelease } from "../../src/project/make-release.ts";
import { openStore } from "../../src/release/store.ts";
import { type Things, temporaryFolder, writeThings } from "../release/world.ts";

export const STATIC: EnvironmentSpec["serve"] = { kind: "static", public: "." };

export function specOf(more: Partial<EnvironmentSpec> = {}): EnvironmentSpec {
  return {
    project: "shop",
    environment: "production",
    domain: "shop.localhost",
    subdomains: false,
    tls: null,
    previews: "secret",
    keep: 5,
    switch: "manual",
    servers: ["local"],
    serve: STATIC,
    env: {},
    storage: [],
    config: [],
    tasks: {},
    checks: [],
    hooks: {},
    ...more,
  };
}

/** Processes that are always well, and a door that shows a side's files. */
export function quietParts(): Parts {
  return {
    router: { async assertFree() {}, async settle() {}, async forget() {}, tls: async () => null },
    supervisor: { assertReady() {}, async start() {}, async assertHealthy() {}, async forget() {} },
    door: {
      async open(site, side) {
        const server = createServer((request, response) => {
          const file = join(at.side(site, side), decodeURIComponent(request.url ?? "/"));
          const found = lstatSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
          response.writeHead(found ? 200 : 404).end(found ? readFileSync(file) : "nothing here");
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { port } = server.address() as { port: number };
        return {
          url: `http://127.0.0.1:${port}`,
          async close() {
            server.closeAllConnections();
            await new Promise((resolve) => server.close(resolve));
          },
        };
      },
    },
    readers: async () => null,
  };
}

export interface Stage {
  root: string;
  world: World;
  events: Event[];
  scene(more?: Partial<EnvironmentSpec>): Scene;
  /** Takes files into the store as a release of the scene's project. */
  make(scene: Scene, things: Things, version?: string): Made;
}

/** A root of its own, which goes with the test. The clock moves on by a second at each look. */
export function makeStage(parts: Parts = quietParts()): Stage {
  const root = temporaryFolder();
  const events: Event[] = [];
  let seconds = Date.parse("2026-11-21T09:00:00Z") / 1000;
  const world: World = {
    root,
    store: openStore(root),
    parts,
    by: "somebody@here",
    now: () => new Date(seconds++ * 1000),
    emit: (event) => events.push(event),
  };
  const scene = (more: Partial<EnvironmentSpec> = {}): Scene => {
    const spec = specOf(more);
    return { world, spec, site: siteOf(root, spec.project, spec.environment) };
  };
  return {
    root,
    world,
    events,
    scene,
    make(scene, things, version) {
      const dir = writeThings(temporaryFolder(), things);
      const file = parseProject(
        '{"project":"shop","environments":{"production":{"domain":"shop.localhost"}}}',
      );
      const source = { dir, project: { dir, file }, from: ".", commit: null, tag: null };
      return makeRelease(scene, source, { version, onto: null, ...readBasis(scene), elsewhere: [] });
    },
  };
}

/** An environment that a plan can be made for, without a disk. */
export function stateOf(more: Partial<EnvironmentState> = {}): EnvironmentState {
  return {
    site: siteOf("/nowhere", "shop", "production"),
    identity: {
      project: "shop",
      environment: "production",
      domain: "shop.localhost",
      subdomains: false,
      previews: "secret",
    },
    identities: { blue: null, green: null },
    live: null,
    rehearsal: "blue",
    sides: { blue: null, green: null },
    traffic: null,
    verdict: null,
    releases: [],
    bad: [],
    spare: null,
    ...more,
  };
}

/** Release 1 live on blue, release 2 rehearsed on green, its checks passed. */
export function rehearsedState(more: Partial<EnvironmentState> = {}): EnvironmentState {
  return stateOf({
    live: "blue",
    rehearsal: "green",
    sides: { blue: "1", green: "2" },
    traffic: { generation: 7, live: "blue", buckets: { blue: 100, green: 0 }, paused: null },
    verdict: { release: "2", passed: true, results: [], at: "2026-11-21T09:00:00Z" },
    releases: ["2", "1"],
    ...more,
  });
}

export function errorOf(act: () => unknown): GreenroomError {
  try {
    act();
  } catch (error) {
    if (error instanceof GreenroomError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

export async function errorFrom(promise: Promise<unknown>): Promise<GreenroomError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof GreenroomError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

export function putFile(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** Everything below a folder that a run left half made. */
export function leftovers(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((path) => path.includes(".tmp-"));
}
