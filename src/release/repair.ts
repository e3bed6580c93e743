import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensureDirectory, temporaryName } from "../disk/durable.ts";
import type { Entry } from "./manifest.ts";
import { objectPath, type Store } from "./store.ts";
import { linkObject } from "./tree.ts";
import { createHasher, objectFault, type Problem } from "./verify.ts";

/**
 * Gives objects their mode back, and sets those with a wrong content aside: nothing links to them any more, and the
 * next staging of that content writes it anew.
 */
export function repairStore(store: Store, problems: Problem[]): void {
  for (const problem of problems) {
    const object = join(store.objects, problem.path);
    if (problem.fault === "mode") {
      chmodSync(object, problem.path.endsWith(".x") ? 0o555 : 0o444);
      problem.repaired = true;
    } else if (problem.fault !== "added") {
      setAside(store, object, problem.path.replace("/", "-"));
    }
  }
}

/** What a source folder looked like counts on the store: without it, the next staging reads every file. */
export function forgetIndexes(store: Store): void {
  for (const name of readdirSync(store.index)) rmSync(join(store.index, name), { force: true });
}

/** Out of everybody's way, but not lost. */
export function setAside(store: Store, path: string, name: string): void {
  const aside = join(store.dir, "damaged");
  ensureDirectory(aside);
  renameSync(path, join(aside, `${name}.${Date.now()}`));
}

/** Puts back what the store still has; each file in one step, so that visitors never miss it. */
export function repairTree(store: Store, dir: string, entries: Entry[], problems: Problem[]): void {
  const known = new Map(entries.map((entry) => [entry.path, entry]));
  const folders = problems.filter(({ path, fault }) => fault !== "added" && !isContent(known.get(path)));
  for (const problem of folders) {
    const folder = join(dir, problem.path);
    if (problem.fault === "mode") chmodSync(folder, 0o555);
    else {
      unlocked(folder, () => {
        rmSync(folder, { force: true });
        mkdirSync(folder, { mode: 0o555 });
      });
    }
    problem.repaired = true;
  }
  for (const problem of problems) {
    const entry = known.get(problem.path);
    if (problem.fault !== "added" && isContent(entry)) problem.repaired = replace(store, dir, entry);
  }
}

type Content = Exclude<Entry, { kind: "folder" }>;

function isContent(entry: Entry | undefined): entry is Content {
  return entry !== undefined && entry.kind !== "folder";
}

function replace(store: Store, dir: string, entry: Content): boolean {
  const path = join(dir, entry.path);
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) return false;
  if (entry.kind === "file" && !isGood(store, entry)) return false;
  const temporary = temporaryName(path);
  unlocked(path, () => {
    if (entry.kind === "link") symlinkSync(entry.target, temporary);
    else linkObject(store, entry, temporary);
    renameSync(temporary, path);
  });
  return true;
}

function isGood(store: Store, entry: Extract<Entry, { kind: "file" }>): boolean {
  const object = objectPath(store, entry);
  const stat = lstatSync(object, { throwIfNoEntry: false });
  return stat !== undefined && objectFault(object, stat, entry, createHasher()) === null;
}

function unlocked(path: string, change: () => void): void {
  const folder = dirname(path);
  chmodSync(folder, 0o755);
  try {
    change();
  } finally {
    chmodSync(folder, 0o555);
  }
}
