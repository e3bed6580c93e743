import type { Side } from "./sides.ts";
import type { Site } from "./site.ts";
import type { EnvironmentSpec, Serving } from "./spec.ts";

/** Keeps a side's processes running. */
export interface Supervisor {
  /** Throws UP_NOT_RUNNING where this kind of site needs something that doesn't run. Changes nothing. */
  assertReady(spec: Pick<EnvironmentSpec, "serve" | "env" | "project" | "environment">): void | Promise<void>;
  /** Asks for the side's release under a new id, resolves when it is healthy, rejects with its last log lines. */
  start(site: Site, side: Side, release: string, serve: Serving): Promise<void>;
  /** Rejects unless the side's processes are healthy right now. */
  assertHealthy(site: Site, side: Side, serve: Serving): Promise<void>;
  /** Ends what is run for a removed environment by a supervisor that needs no `greenroom up`. */
  forget(site: Site): Promise<void>;
}

/** Answers requests for one side as visitors would be answered, before there are any. */
export interface SideDoor {
  open(site: Site, side: Side): Promise<{ url: string; close(): Promise<void> }>;
}

/** Brings visitors to environments. Where they go is in the pointers: the router learns of domains and shapes only. */
export interface Router {
  /** Throws where it answers for the domain already, for somebody else. Changes nothing. */
  assertFree(site: Site, domain: string): Promise<void>;
  /** Makes it answer for the environment as it is on disk. Rejects with its words; then it answers as before. */
  settle(site: Site): Promise<void>;
  /** Makes it answer for the environment no more. */
  forget(site: Site): Promise<void>;
  /** How it reads keys; null where this machine doesn't answer by https. Changes nothing. */
  tls(): Promise<KeyReaders | null>;
}

export interface KeyReaders {
  /** The group of those who read keys, besides whom they belong to. */
  group: number | null;
  /** A wildcard can be ordered here: it is known how DNS records are set. */
  wildcards: boolean;
}

export interface Parts {
  router: Router;
  supervisor: Supervisor;
  door: SideDoor;
  /** The group of those who read files for visitors; null: they are who we are. */
  readers(): Promise<number | null>;
}
