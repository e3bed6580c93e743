import { mkdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensureDirectory, orNull, writeFileDurably } from "../disk/durable.ts";
import type { FileEntry, Manifest } from "../release/manifest.ts";
import { ancestors } from "../release/merge.ts";
import type { Store } from "../release/store.ts";
import { linkObject } from "../release/tree.ts";
import { at, type Site } from "./site.ts";
import { listNames } from "./state.ts";

const ENDINGS = "js|mjs|css|map|json|wasm|woff2?|ttf|otf|eot|png|jpe?g|gif|webp|avif|svg|ico|mp[34]|webm";
/** What bundlers call files by their content; for nginx, too, so without anything that is JavaScript's alone. */
export const HASHED = new RegExp(
  `[.\\-_](?=[\\w-]*[a-z])(?=[\\w-]*\\d)[\\w-]{8,}\\.(?:[a-z]+\\.)?(?:${ENDINGS})$`,
  "i",
);

/** Names that say so even more plainly: of folders of frameworks, or with a hash in hexadecimal digits. */
export const NEVER_CHANGES = new RegExp(
  `^/(?:_next/static|_nuxt|_astro|_app/immutable)/|[.\\-_](?=[0-9a-f]*[a-f])(?=[0-9a-f]*\\d)[0-9a-f]{8,64}\\.(?:[a-z]+\\.)?(?:${ENDINGS})$`,
);

/** Whether visitors' browsers needn't ask again for what lies at a path. */
export function isForever(path: string, folders: string[] = []): boolean {
  return NEVER_CHANGES.test(path) || folders.some((folder) => path.startsWith(`/${folder}/`));
}

/** Whether a bundler has put a hash of the content into the name: then the same name is the same file for ever. */
export function isHashed(path: string): boolean {
  return HASHED.test(path);
}

/**
 * Keeps the hashed files of a release reachable as long as its tree is on disk, whichever release is live: a visitor
 * who has loaded a page before a switch still gets what belongs to it.
 */
export function keepAssets(
  site: Site,
  store: Store,
  { version: release, entries }: Pick<Manifest, "version" | "entries">,
  folder: string | null,
): void {
  if (folder === null) return;
  const prefix = folder === "." ? "" : `${folder}/`;
  const kept: string[] = [];
  for (const entry of entries) {
    if (entry.kind !== "file" || !entry.path.startsWith(prefix) || !isHashed(`/${entry.path}`)) continue;
    const path = entry.path.slice(prefix.length);
    keep(site, store, entry, path);
    kept.push(path);
  }
  if (kept.length === 0) return;
  ensureDirectory(lists(site));
  writeFileDurably(join(lists(site), release), kept.join("\n"));
}

/** What a release had kept goes with it, unless another has it, too. */
export function dropAssets(site: Site, release: string): void {
  const mine = readList(site, release);
  if (mine.length === 0) return;
  const others = new Set(
    listNames(lists(site)).flatMap((name) => (name === release ? [] : readList(site, name))),
  );
  for (const path of mine) if (!others.has(path)) drop(site, path);
  rmSync(join(lists(site), release), { force: true });
}

function keep(site: Site, store: Store, entry: FileEntry, path: string): void {
  const place = at.asset(site, path);
  mkdirSync(dirname(place), { recursive: true });
  orNull(() => linkObject(store, entry, place) ?? true, "EEXIST");
}

function drop(site: Site, path: string): void {
  rmSync(at.asset(site, path), { force: true });
  for (const folder of ancestors(path).reverse())
    orNull(() => rmdirSync(at.asset(site, folder)) ?? true, "ENOTEMPTY", "EEXIST", "ENOENT");
}

/** A file for each release: its assets, a line each. */
function lists(site: Site): string {
  return join(site.dir, "assets", "of");
}

function readList(site: Site, release: string): string[] {
  const text = orNull(() => readFileSync(join(lists(site), release), "utf8"), "ENOENT");
  return text ? text.split("\n") : [];
}
