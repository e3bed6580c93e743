import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { onTestFinished } from "vitest";
import { removeTree } from "../../src/disk/remove.ts";
import { type CollectOptions, collect } from "../../src/release/collect.ts";
import type { Entry, FileEntry } from "../../src/release/manifest.ts";
import { objectPath, openStore, type Store } from "../../src/release/store.ts";

/** What a path holds. */
export type Thing =
  | { kind: "file"; content: string; executable: boolean }
  | { kind: "link"; target: string }
  | { kind: "folder" };

export type Things = Record<string, Thing>;

export const file = (content: string): Thing => ({ kind: "file", content, executable: false });
export const program = (content: string): Thing => ({ kind: "file", content, executable: true });
export const link = (target: string): Thing => ({ kind: "link", target });
export const folder: Thing = { kind: "folder" };

export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "gr-"));
  onTestFinished(() => removeTree(dir));
  return dir;
}

export function temporaryStore(): Store {
  return openStore(temporaryFolder());
}

export function writeThings(dir: string, things: Things): string {
  mkdirSync(dir, { recursive: true });
  for (const [path, thing] of Object.entries(things)) {
    const place = join(dir, path);
    mkdirSync(thing.kind === "folder" ? place : dirname(place), { recursive: true });
    if (thing.kind === "link") symlinkSync(thing.target, place);
    if (thing.kind !== "file") continue;
    writeFileSync(place, thing.content);
    chmodSync(place, thing.executable ? 0o755 : 0o644);
  }
  return dir;
}

/** A tree as one can see it: each path with its kind, content and mode. */
export function readTree(dir: string, path = ""): Record<string, string> {
  const seen: Record<string, string> = {};
  for (const name of readdirSync(join(dir, path)).sort()) {
    const inner = path ? `${path}/${name}` : name;
    const stat = lstatSync(join(dir, inner));
    const mode = (stat.mode & 0o777).toString(8);
    if (stat.isSymbolicLink()) seen[inner] = `-> ${readlinkSync(join(dir, inner))}`;
    else if (stat.isFile()) seen[inner] = `${mode} ${readFileSync(join(dir, inner), "utf8")}`;
    else Object.assign(seen, { [inner]: `${mode} folder` }, readTree(dir, inner));
  }
  return seen;
}

/** What `readTree` must see of a release. */
export function releaseTree(things: Things): Record<string, string> {
  const seen: Record<string, string> = {};
  for (const [path, thing] of Object.entries(things)) {
    for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
      seen[path.slice(0, end)] = "555 folder";
    }
    if (thing.kind === "folder") seen[path] = "555 folder";
    else if (thing.kind === "link") seen[path] = `-> ${thing.target}`;
    else seen[path] = `${thing.executable ? "555" : "444"} ${thing.content}`;
  }
  return seen;
}

export function entryOf(path: string, thing: Thing, mtime = 1000): Entry {
  if (thing.kind !== "file") return { ...thing, path };
  const { content, executable } = thing;
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { kind: "file", path, executable, size: Buffer.byteLength(content), sha256, mtime };
}

export function entriesOf(things: Things): Entry[] {
  return Object.keys(things)
    .sort()
    .map((path) => entryOf(path, things[path]!));
}

/** Takes contents into the store. */
export function keepContents(store: Store, things: Thing[]): void {
  const source = temporaryFolder();
  writeThings(source, Object.fromEntries(things.map((thing, i) => [String(i), thing])));
  collectFrom(store, source);
  for (const thing of things) {
    if (thing.kind === "file") utimesSync(objectPath(store, entryOf("any", thing) as FileEntry), 1000, 1000);
  }
}

export function collectFrom(store: Store, source: string, more: Partial<CollectOptions> = {}) {
  return collect({
    source,
    store,
    ignores: () => false,
    storage: [],
    index: null,
    lastRelease: 0,
    emit: () => {},
    ...more,
  });
}

// Few names, so that two trees meet; "a-b" and "a.b" sort before "a/".
const NAMES = ["a", "b", "a-b", "a.b", "z"];
export const CONTENTS: Thing[] = ["", "one", "two"].flatMap((content) => [file(content), program(content)]);
const TARGETS = ["a", "b/a", "nowhere", "./z"].map(link);

type Node = Thing | { [name: string]: Node };

const leaf = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...CONTENTS) },
  { weight: 2, arbitrary: fc.constantFrom(...TARGETS) },
  { weight: 1, arbitrary: fc.constant(folder) },
);
const nodes = fc.memo((depth): fc.Arbitrary<Node> => {
  if (depth <= 1) return leaf;
  return fc.oneof(
    { weight: 2, arbitrary: leaf },
    { weight: 2, arbitrary: fc.dictionary(fc.constantFrom(...NAMES), nodes()) },
  );
});

/** Any small tree, an empty one too. */
export const trees: fc.Arbitrary<Things> = fc
  .dictionary(fc.constantFrom(...NAMES), nodes(3))
  .map((children) => flatten(children, ""));

function flatten(children: { [name: string]: Node }, prefix: string): Things {
  const things: Things = {};
  for (const [name, node] of Object.entries(children)) {
    if ("kind" in node && typeof node.kind === "string") things[prefix + name] = node as Thing;
    else if (Object.keys(node).length === 0) things[prefix + name] = folder;
    else Object.assign(things, flatten(node as { [name: string]: Node }, `${prefix}${name}/`));
  }
  return things;
}
