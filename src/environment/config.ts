import { chownSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { orNull, readJson, writeFileDurably, writeJsonDurably } from "../disk/durable.ts";
import type { Manifest } from "../release/manifest.ts";
import { describePublic } from "./public-files.ts";
import { at, type Site } from "./site.ts";
import type { EnvironmentSpec, Serving, StagedSpec } from "./spec.ts";

/** Writes what a release needs in this environment beside it: its rendered files, and how it is served. */
export function writeConfig(
  site: Site,
  { version: release, entries }: Pick<Manifest, "version" | "entries">,
  spec: EnvironmentSpec,
  group: number | null,
): void {
  for (const { path, content } of spec.config) {
    const file = join(at.config(site, release), path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileDurably(file, content, isSeen(path, spec.serve) ? 0o644 : 0o640);
    if (group !== null) chownSync(file, -1, group);
  }
  const files = describePublic(entries, spec.serve.public);
  writeJsonDurably(at.staged(site, release), { ...stagedSpec(spec), files } satisfies StagedSpec, 0o640);
}

export function readStaged(site: Site, release: string): StagedSpec | null {
  return readJson<StagedSpec>(at.staged(site, release));
}

/** Whether a release that is on disk would be served just as the specification says now. */
export function isStagedAs(site: Site, release: string, spec: EnvironmentSpec): boolean {
  const staged = readStaged(site, release);
  if (!staged || JSON.stringify(servedBy(staged)) !== JSON.stringify(servedBy(stagedSpec(spec))))
    return false;
  return spec.config.every(({ path, content }) => readConfig(site, release, path) === content);
}

function readConfig(site: Site, release: string, path: string): string | null {
  return orNull(() => readFileSync(join(at.config(site, release), path), "utf8"), "ENOENT", "ENOTDIR");
}

function servedBy({ serve, storage, config, env, domain, subdomains, previews }: Omit<StagedSpec, "files">) {
  return { serve, storage, config, env, domain, subdomains, previews };
}

function stagedSpec(spec: EnvironmentSpec): Omit<StagedSpec, "files"> {
  return { ...spec, config: spec.config.map(({ path }) => path) };
}

// Apart from what is code, and what web servers keep to themselves.
const CODE = /\.(?:php[0-9]?|phtml|phps|pht|phar)$/i;
const HIDDEN = /(?:^|\/)\.(?!well-known(?:\/|$))/;

/** Visitors may get it as it is, so whoever answers them must be able to read it. */
function isSeen(path: string, { kind, public: folder }: Serving): boolean {
  if (folder === null) return false;
  if (folder !== "." && !path.startsWith(`${folder}/`)) return false;
  const below = folder === "." ? path : path.slice(folder.length + 1);
  return !HIDDEN.test(below) && (kind !== "php" || !CODE.test(below));
}
