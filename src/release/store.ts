import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensureDirectory, orNull, TEMPORARY } from "../disk/durable.ts";
import { type Lock, tryLock } from "../disk/lock.ts";
import { GreenroomError } from "../errors.ts";
import type { FileEntry, Manifest, ManifestHead } from "./manifest.ts";
import { readManifest, readManifestHead, writeManifest } from "./manifest-file.ts";

/** The contents and manifests of all releases on a machine. */
export interface Store {
  dir: string;
  objects: string;
  incoming: string;
  /** Large contents that have come in part. */
  parts: string;
  index: string;
  /** Manifests never change, so one that was read or written needn't be read again. */
  known: Map<string, Manifest>;
}

/** Makes nothing: the store's folders come with what is first put into them. */
export function openStore(root: string): Store {
  const dir = join(root, "store");
  return {
    dir,
    objects: join(dir, "objects"),
    incoming: join(dir, "incoming"),
    parts: join(dir, "parts"),
    index: join(dir, "index"),
    known: new Map<string, Manifest>(),
  };
}

/** A new name among what arrives: what has it goes away once the process that took it is dead. */
export function incomingName(store: Store): string {
  return join(store.incoming, `${process.pid}-${randomBytes(6).toString("hex")}`);
}

/** Executables are objects of their own: hard links share a mode. */
export function objectName(file: Pick<FileEntry, "sha256" | "executable">): string {
  return file.executable ? `${file.sha256}.x` : file.sha256;
}

export function objectPath(store: Store, file: Pick<FileEntry, "sha256" | "executable">): string {
  return `${store.objects}/${file.sha256.slice(0, 2)}/${objectName(file)}`;
}

/**
 * Shared by everybody who relies on objects staying where they are, exclusive for `prune`: an object that a release
 * still being collected counts on has no manifest yet.
 */
export function lockStore(store: Store, how: "shared" | "exclusive", holder: object): Lock {
  ensureDirectory(store.dir);
  const lock = tryLock(join(store.dir, "lock"), holder, { shared: how === "shared" });
  if ("release" in lock) return lock;
  throw new GreenroomError("LOCKED", "the store is in use by another operation", {
    hint: "try again when it has ended",
  });
}

/** Trees are hard links into the store: what `place` will hold must be on its file system. */
export function assertOneFileSystem(store: Store, place: string): void {
  const objects = nearest(store.objects);
  const other = [store.incoming, place]
    .map(nearest)
    .find((dir) => statSync(dir).dev !== statSync(objects).dev);
  if (other === undefined) return;
  throw new GreenroomError("ROOT_SPLIT", `${objects} and ${other} are on different file systems`, {
    hint: "keep the whole root on one file system: hard links can't leave it",
  });
}

function nearest(place: string): string {
  return existsSync(place) ? place : nearest(dirname(place));
}

function releasesFolder(store: Store, project = ""): string {
  return join(store.dir, "releases", project);
}

export function manifestPath(store: Store, project: string, version: string): string {
  return join(releasesFolder(store, project), `${version}.json`);
}

export function readRelease(store: Store, project: string, version: string): Manifest {
  const manifest = findRelease(store, project, version);
  if (manifest) return manifest;
  throw new GreenroomError("VERSION_UNKNOWN", `${project} has no release ${version} in the store`, {
    hint: "greenroom releases",
  });
}

export function findRelease(store: Store, project: string, version: string): Manifest | null {
  const path = manifestPath(store, project, version);
  const manifest = store.known.get(path) ?? readManifest(path);
  if (manifest) store.known.set(path, manifest);
  return manifest;
}

export function readHead(store: Store, project: string, version: string): ManifestHead | null {
  return readManifestHead(manifestPath(store, project, version));
}

/** False if the version is taken. */
export function addRelease(store: Store, manifest: Manifest): boolean {
  ensureDirectory(releasesFolder(store, manifest.project));
  ensureDirectory(store.incoming);
  const path = manifestPath(store, manifest.project, manifest.version);
  if (!writeManifest(incomingName(store), path, manifest)) return false;
  store.known.set(path, manifest);
  return true;
}

/** The versions of a project's releases, in no order. */
export function listVersions(store: Store, project: string): string[] {
  const names = orNull(() => readdirSync(releasesFolder(store, project)), "ENOENT") ?? [];
  return names
    .filter((name) => name.endsWith(".json") && !name.startsWith(TEMPORARY))
    .map((name) => name.slice(0, -5));
}

export function listProjects(store: Store): string[] {
  return orNull(() => readdirSync(releasesFolder(store)), "ENOENT") ?? [];
}

/** A project's releases, the newest first. */
export function listHeads(store: Store, project: string): ManifestHead[] {
  return listVersions(store, project)
    .map((version) => readHead(store, project, version))
    .filter((head) => head !== null)
    .sort((a, b) => (a.created < b.created ? 1 : -1));
}
