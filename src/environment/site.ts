import { join } from "node:path";
import type { Side } from "./sides.ts";
import type { Tls } from "./spec.ts";

/** Where an environment's things are on this machine. */
export interface Site {
  root: string;
  project: string;
  environment: string;
  dir: string;
}

export function siteOf(root: string, project: string, environment: string): Site {
  return { root, project, environment, dir: join(root, "sites", project, environment) };
}

export function siteName(site: Pick<Site, "project" | "environment">): string {
  return `${site.project}/${site.environment}`;
}

export const at = {
  releases: (site: Site) => join(site.dir, "releases"),
  release: (site: Site, version: string) => join(site.dir, "releases", version),
  side: (site: Site, side: Side) => join(site.dir, side),
  traffic: (site: Site) => join(site.dir, "traffic"),
  generations: (site: Site) => join(site.dir, "traffic.d"),
  storage: (site: Site, path = "") => join(site.dir, "storage", path),
  /** Rendered config files of one release. */
  config: (site: Site, version: string) => join(site.dir, "config", version),
  /** The StagedSpec of one release. */
  staged: (site: Site, version: string) => join(site.dir, "config", `${version}.json`),
  /** A hashed file of one of the last releases, by the path that visitors know it by. */
  asset: (site: Site, path = "") => join(site.dir, "assets", "files", path),
  /** Releases that visitors have seen, and the sides that show them. */
  pins: (site: Site) => join(site.dir, "pins"),
  previews: (site: Site) => join(site.dir, "previews"),
  run: (site: Site) => join(site.dir, "run"),
  socket: (site: Site, side: Side) => join(site.dir, "run", `${side}.sock`),
  /** A symlink whose target is the port of a side's `web` that listens on TCP. */
  port: (site: Site, side: Side) => join(site.dir, "run", `${side}.port`),
  wanted: (site: Site, side: Side) => join(site.dir, "run", `${side}.wanted.json`),
  processes: (site: Site, side: Side) => join(site.dir, "run", `${side}.json`),
  verdict: (site: Site, side: Side) => join(site.dir, "run", `${side}.checks.json`),
  intent: (site: Site) => join(site.dir, "run", "intent.json"),
  reserve: (site: Site) => join(site.dir, "run", "reserve"),
  lock: (site: Site) => join(site.dir, "run", "lock"),
  log: (site: Site, name: string) => join(site.dir, "log", name),
  journal: (site: Site) => join(site.dir, "log", "journal.jsonl"),
  identity: (site: Site) => join(site.dir, "environment.json"),
  tls: (site: Site) => join(site.dir, "tls"),
  hosts: (root: string) => join(root, "hosts"),
  up: (root: string) => join(root, "up.json"),
  upLock: (root: string) => join(root, "up.lock"),
};

/** `environment.json`: what the router must know without a release. */
export interface Identity {
  project: string;
  environment: string;
  domain: string;
  subdomains: boolean;
  previews: "secret" | "open";
  /** Not there without TLS. */
  tls?: Tls | null | undefined;
}

/** `run/<side>.wanted.json`: which staging a side's processes must belong to. A new id is a restart. */
export interface Wanted {
  id: string;
  release: string;
}

/** `run/<side>.json`: what became of it, written by the supervisor. */
export interface ProcessState {
  id: string;
  release: string;
  status: "starting" | "healthy" | "failed" | "stopped";
  /** Why it failed, in words, and the last lines it wrote. */
  reason: string | null;
  lastLines: string[];
  processes: { name: string; pid: number; started: string; restarts: number }[];
  /** Those that fail again and again, also while they happen to run. */
  failing?: FailingProcess[];
  at: string;
}

export interface FailingProcess {
  name: string;
  /** How often in a row: without having run well for a while in between. */
  times: number;
  /** How it failed last, and what it wrote before. */
  reason: string;
  lastLines: string[];
}

/** `up.json`: how to reach the `greenroom up` of a root. */
export interface UpState {
  pid: number;
  host: string;
  port: number;
  since: string;
}
