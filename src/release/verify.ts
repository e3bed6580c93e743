import { createHash } from "node:crypto";
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from "node:fs";
import { errnoOf } from "../errors.ts";
import type { Entry, FileEntry } from "./manifest.ts";
import { isBelowOne } from "./merge.ts";
import { objectPath, type Store } from "./store.ts";
import { foldersOf } from "./tree.ts";

export type Fault = "missing" | "changed" | "mode" | "added" | "unreadable";

export interface Problem {
  place: string;
  path: string;
  fault: Fault;
  repaired: boolean;
}

/** Hashes each inode once, however many names it has. */
export type Hasher = (path: string, stat: Stats) => string;

export function createHasher(): Hasher {
  const known = new Map<string, string>();
  return (path, stat) => {
    const inode = `${stat.dev}:${stat.ino}`;
    const hash = known.get(inode) ?? hashFile(path);
    known.set(inode, hash);
    return hash;
  };
}

/** Every byte, mode and name of a tree against what it should hold. */
export function findTreeProblems(dir: string, place: string, entries: Entry[], hash: Hasher): Problem[] {
  const problems: Problem[] = [];
  const report = (path: string, fault: Fault) => problems.push({ place, path, fault, repaired: false });
  const folders = foldersOf(entries);
  const gone = new Set<string>();
  for (const folder of ["", ...folders]) {
    const stat = isBelowOne(folder, gone) ? null : lstatSync(`${dir}/${folder}`, { throwIfNoEntry: false });
    if (!stat?.isDirectory()) {
      gone.add(folder);
      report(folder || ".", "missing");
    } else if ((stat.mode & 0o777) !== 0o555) report(folder || ".", "mode");
  }
  for (const entry of entries) {
    if (entry.kind === "folder") continue;
    const fault = isBelowOne(entry.path, gone) ? "missing" : faultOf(`${dir}/${entry.path}`, entry, hash);
    if (fault) report(entry.path, fault);
  }
  const expected = new Set([...entries.map((entry) => entry.path), ...folders]);
  for (const path of namesBelow(dir, "")) if (!expected.has(path)) report(path, "added");
  return problems;
}

/** Every object of the store against its own name. */
export function findStoreProblems(store: Store, hash: Hasher): Problem[] {
  const problems: Problem[] = [];
  for (const path of namesBelow(store.objects, "")) {
    const name = path.slice(path.indexOf("/") + 1);
    const file = `${store.objects}/${path}`;
    const stat = lstatSync(file);
    if (stat.isDirectory() && /^[0-9a-f]{2}$/.test(path)) continue;
    const fault = /^[0-9a-f]{64}(\.x)?$/.test(name)
      ? objectFault(file, stat, { sha256: name.slice(0, 64), executable: name.endsWith(".x") }, hash)
      : "added";
    if (fault) problems.push({ place: "store", path, fault, repaired: false });
  }
  return problems;
}

/** Objects that a manifest counts on and the store hasn't. */
export function findLostObjects(store: Store, version: string, entries: Entry[]): Problem[] {
  return entries
    .filter((entry) => entry.kind === "file")
    .filter((entry) => !lstatSync(objectPath(store, entry), { throwIfNoEntry: false }))
    .map((entry) => ({ place: `store (${version})`, path: entry.path, fault: "missing", repaired: false }));
}

function faultOf(path: string, entry: Exclude<Entry, { kind: "folder" }>, hash: Hasher): Fault | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return "missing";
  if (entry.kind === "link") {
    return stat.isSymbolicLink() && readlinkSync(path) === entry.target ? null : "changed";
  }
  return objectFault(path, stat, entry, hash);
}

export function objectFault(
  path: string,
  stat: Stats,
  wanted: Pick<FileEntry, "sha256" | "executable">,
  hash: Hasher,
): Fault | null {
  if (!stat.isFile()) return "changed";
  try {
    if (hash(path, stat) !== wanted.sha256) return "changed";
  } catch (error) {
    if (errnoOf(error) === "EACCES" || errnoOf(error) === "EIO") return "unreadable";
    throw error;
  }
  return (stat.mode & 0o777) === (wanted.executable ? 0o555 : 0o444) ? null : "mode";
}

function* namesBelow(dir: string, folder: string): Generator<string> {
  let names: { name: string; isDirectory(): boolean }[];
  try {
    names = readdirSync(`${dir}/${folder}`, { withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return;
    throw error;
  }
  for (const entry of names) {
    yield `${folder}${entry.name}`;
    if (entry.isDirectory()) yield* namesBelow(dir, `${folder}${entry.name}/`);
  }
}

const buffer = Buffer.allocUnsafeSlow(1 << 20);

function hashFile(path: string): string {
  const hash = createHash("sha256");
  const fd = openSync(path, "r");
  try {
    for (let got = -1; got !== 0; ) {
      got = readSync(fd, buffer, 0, buffer.length, null);
      hash.update(buffer.subarray(0, got));
    }
  } finally {
    closeSync(fd);
  }
  return hash.digest("hex");
}
