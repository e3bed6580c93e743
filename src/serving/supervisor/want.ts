import { lstatSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { readJson, readPointer } from "../../disk/durable.ts";
import { isSide, type Side } from "../../environment/sides.ts";
import { at, type Site, type Wanted } from "../../environment/site.ts";
import type { ProcessServing, StagedSpec } from "../../environment/spec.ts";
import { isName } from "../../names.ts";

/** What should run on a side. */
export interface SideWant {
  /** Another key is a restart. */
  key: string;
  id: string;
  side: Side;
  release: string;
  spec: Omit<StagedSpec, "serve"> & { serve: ProcessServing };
}

/** What was read before, so that an unchanged side costs two looks at the disk. */
export interface Known {
  key: string;
  want: SideWant | null;
}

/**
 * The side's pointer says which release, the wanted file under which id. Where the file doesn't know of the release yet,
 * all stays as it was for a moment; then the pointer is enough. Throws on what is half there.
 */
export function readWant(site: Site, side: Side, known: Known | null): Known {
  const pointer = readPointer(at.side(site, side));
  if (pointer === null) return { key: "", want: null };
  const release = basename(pointer);
  if (!isName(release)) throw new Error(`${at.side(site, side)} points at ${pointer}, which is no release`);
  const id = readWantedId(site, side, release);
  const key = `${side} ${release} ${id}`;
  if (known?.key === key) return known;
  const spec = readStaged(at.staged(site, release));
  if (!isProcessSpec(spec)) return { key, want: null };
  if (id === "" && isYoung(at.side(site, side))) return known ?? { key: "", want: null };
  return { key, want: { key, id, side, release, spec } };
}

/** A staging moves the pointer, then writes the file: who acts between the two starts everything twice. */
const GRACE = 3_000;

function isYoung(pointer: string): boolean {
  const moved = lstatSync(pointer, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const age = Date.now() - moved;
  return age >= 0 && age < GRACE;
}

/** The side that visitors get, null before anything is live. */
export function readLive(site: Site): Side | null {
  const pointer = readPointer(join(at.traffic(site), "live"));
  const side = pointer === null ? undefined : basename(pointer);
  return isSide(side) ? side : null;
}

export function readWantedId(site: Site, side: Side, release: string): string {
  const wanted = readJson<Partial<Wanted> | null>(at.wanted(site, side));
  return wanted?.release === release && typeof wanted.id === "string" ? wanted.id : "";
}

function readStaged(path: string): StagedSpec {
  const spec = JSON.parse(readFileSync(path, "utf8")) as StagedSpec | null;
  const kind = spec?.serve?.kind;
  if (!spec || (kind !== "static" && kind !== "process" && kind !== "php"))
    throw new Error(`${path} doesn't say how to serve it`);
  if (kind === "process") assertStartable(path, spec.serve as ProcessServing);
  return spec;
}

// A process's name becomes part of its log's name.
function assertStartable(path: string, serve: ProcessServing): void {
  const lines = Object.entries(serve.start ?? {});
  const fits = lines.every(([name, line]) => /^\w[\w.-]*$/.test(name) && typeof line === "string");
  if (fits && typeof serve.start?.web === "string" && typeof serve.health === "string") return;
  throw new Error(`${path} doesn't say how to start it`);
}

function isProcessSpec(spec: StagedSpec): spec is SideWant["spec"] {
  return spec.serve.kind === "process";
}

/** One process of what a side should run. */
export interface ProcessPlan {
  name: string;
  /** Visitors are answered by it: it gets a place to listen, and is healthy once it answers there. */
  listens: boolean;
  site: Site;
  side: Side;
  want: SideWant;
  env: Record<string, string>;
}
