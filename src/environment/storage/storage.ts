import {
  chmodSync,
  copyFileSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { orNull, syncDirectory, syncFileSystem, temporaryName } from "../../disk/durable.ts";
import { inside } from "../../disk/inside.ts";
import { removeTree } from "../../disk/remove.ts";
import { GreenroomError } from "../../errors.ts";
import { type Account, findAccount, readAccount } from "../../processes/account.ts";
import type { Entry } from "../../release/manifest.ts";
import { ancestors } from "../../release/merge.ts";
import { objectPath, type Store } from "../../release/store.ts";
import { at, type Site } from "../site.ts";
import { type EnvironmentSpec, userOf } from "../spec.ts";

/** Where the environment's storage is, if it holds anything. */
export function keptStorage(site: Site): string | null {
  return hasContent(at.storage(site)) ? at.storage(site) : null;
}

function hasContent(folder: string): boolean {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (!stat) return false;
  if (!stat.isDirectory()) return true;
  return readdirSync(folder).some((name) => hasContent(join(folder, name)));
}

/** Storage paths that this environment doesn't have yet; what a release brings there becomes their first content. */
export function missingStorage(site: Site, storage: string[]): string[] {
  for (const path of storage) assertRoom(site, path);
  return storage.filter((path) => !lstatSync(at.storage(site, path), { throwIfNoEntry: false }));
}

/** What was a file in storage can't be a folder of it now; nor can a symlink, which programs of the site may have made. */
function assertRoom(site: Site, path: string): void {
  const blocker = ancestors(path)
    .map((folder) => at.storage(site, folder))
    .find((folder) => lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === false);
  if (blocker === undefined) return;
  throw new GreenroomError("CONFIG_INVALID", `storage ${path} has no place: ${blocker} is no folder`, {
    hint: "name another path, or move away what is there",
  });
}

/**
 * Fills a storage path once. It appears whole, and what is there is never touched again. It is made where only we write,
 * and brought from there: what is above it may belong to the site's programs.
 */
export function seedStorage(
  site: Site,
  store: Store,
  path: string,
  entries: Entry[],
  owner: Owner | null,
): void {
  const base = at.storage(site);
  mkdirSync(base, { recursive: true });
  const temporary = temporaryName(join(base, basename(path)));
  try {
    for (const folder of ancestors(path)) inside(base, folder, makeFolder);
    const itself = entries.find((entry) => entry.path === path && entry.kind === "file");
    if (itself) copyEntry(store, itself, temporary);
    else copyFolder(store, path, entries, temporary);
    syncFileSystem(base);
    if (owner) owner(temporary);
    inside(base, path, (place) => {
      if (!lstatSync(place, { throwIfNoEntry: false })) renameSync(temporary, place);
      syncDirectory(dirname(place));
    });
  } finally {
    removeTree(temporary);
  }
}

function makeFolder(place: string): void {
  orNull(() => mkdirSync(place), "EEXIST");
}

/** Hands a path, and what is below it, to the account that the site's processes run as. */
type Owner = (path: string) => void;

const OTHERS = 0o027;

/** The account that isn't ours, which processes and tasks of the environment run as; null where there is none. */
export function accountName({ serve }: Pick<EnvironmentSpec, "serve">): string | null {
  return process.getuid?.() === 0 ? userOf(serve) : null;
}

export function accountOf(spec: Pick<EnvironmentSpec, "serve">): Account | null {
  const name = accountName(spec);
  return name === null ? null : readAccount(name);
}

/** `readers` are a group that gets at it too, for visitors; nobody else does. */
export function ownerFor(spec: EnvironmentSpec, readers: number | null): Owner | null {
  const account = accountOf(spec);
  if (account === null) return null;
  const { uid, gid } = account;
  // What is above goes last: whoever owns it may put a symlink there.
  const own = (path: string) => {
    if (lstatSync(path).isDirectory()) for (const child of readdirSync(path)) own(join(path, child));
    lchownSync(path, uid, gid);
  };
  return (path) => {
    chmodSync(path, lstatSync(path).mode & ~OTHERS & 0o777);
    own(path);
    if (readers !== null) lchownSync(path, uid, readers);
  };
}

/** Storage keeps its owner when a site's programs get another account: then they couldn't write what visitors bring. */
export function assertOwners(site: Site, spec: EnvironmentSpec): void {
  const name = accountName(spec);
  if (name === null) return;
  const uid = findAccount(name)?.uid;
  for (const path of spec.storage) {
    const master = at.storage(site, path);
    const owner = lstatSync(master, { throwIfNoEntry: false })?.uid;
    if (owner === undefined || owner === uid) continue;
    throw new GreenroomError(
      "ACCOUNT_REFUSED",
      `storage ${path} belongs to account ${owner}, and the site's programs would run as ${name}`,
      {
        hint: `keep the account by "user" in greenroom.json, or hand it over: greenroom pause ${site.environment}; chown -R ${name} ${master}; greenroom deploy ${site.environment} --switch; greenroom resume ${site.environment}`,
      },
    );
  }
}

function copyFolder(store: Store, path: string, entries: Entry[], to: string): void {
  mkdirSync(to);
  for (const entry of entries) {
    if (!entry.path.startsWith(`${path}/`)) continue;
    const target = join(to, entry.path.slice(path.length + 1));
    mkdirSync(entry.kind === "folder" ? target : dirname(target), { recursive: true });
    copyEntry(store, entry, target);
  }
}

function copyEntry(store: Store, entry: Entry, target: string): void {
  if (entry.kind === "link") symlinkSync(entry.target, target);
  if (entry.kind === "file") {
    copyFileSync(objectPath(store, entry), target);
    chmodSync(target, entry.executable ? 0o755 : 0o644);
  }
}
