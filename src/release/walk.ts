import { lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { posix } from "node:path";
import { orNull } from "../disk/durable.ts";
import { errnoOf, GreenroomError } from "../errors.ts";
import { byPath } from "./manifest.ts";

/** How a file looks from outside: if none of it changes, its content hasn't. */
export interface Look {
  size: number;
  mtimeMs: number;
  ctimeMs: number;
  ino: number;
  executable: boolean;
  /** Others on the machine it comes from can't read it. */
  private: boolean;
}

export function lookOf({ size, mtimeMs, ctimeMs, ino, mode }: Stats): Look {
  return { size, mtimeMs, ctimeMs, ino, executable: (mode & 0o100) !== 0, private: (mode & 0o004) === 0 };
}

export function looksSame(a: Look, b: Look): boolean {
  return a.ctimeMs === b.ctimeMs && a.mtimeMs === b.mtimeMs && a.size === b.size && a.ino === b.ino;
}

/** Something in the source, looked at but not read. */
export type Found =
  | { kind: "file"; path: string; look: Look }
  | { kind: "link"; path: string; target: string }
  | { kind: "folder"; path: string };

/** Whether a path (a folder's ends in "/") stays out of the release. */
export type Ignores = (path: string) => boolean;

export interface Ground {
  source: string;
  ignores: Ignores;
  /** A symlink at one of these may point anywhere: the environment's storage takes its place. */
  storage: string[];
}

/** Everything below a folder that may become part of a release, sorted by path. */
export function walk(ground: Ground): Found[] {
  const found: Found[] = [];
  const home = cwdIfAny();
  try {
    walkFolder(ground, "", found);
  } finally {
    process.chdir(home ?? "/");
  }
  // An empty folder was listed with a slash behind its name.
  return found.sort(byPath);
}

function walkFolder(ground: Ground, folder: string, found: Found[]): void {
  let empty = true;
  for (const { path, stat } of list(ground, folder)) {
    if (ground.ignores(path)) continue;
    empty = false;
    if (stat.isDirectory()) walkFolder(ground, path, found);
    else {
      const thing = recognize(ground, path, stat);
      if (thing) found.push(thing);
    }
  }
  if (empty && folder) found.push({ kind: "folder", path: folder.slice(0, -1) });
}

interface Listed {
  path: string;
  stat: Stats;
}

// A folder sorts by its name and a slash, so that the whole walk comes out in the order of paths.
function list({ source }: Ground, folder: string): Listed[] {
  const listed: Listed[] = [];
  for (const name of enter(source, folder)) {
    const path = folder + name;
    const stat = look(name, path);
    if (stat) listed.push({ path: stat.isDirectory() ? `${path}/` : path, stat });
  }
  return listed.sort(byPath);
}

/** The names in a folder, looked up from within it: that takes a third less time than with long paths. */
function enter(source: string, folder: string): string[] {
  if (folder.length > LONGEST) throw tooLong(folder, null);
  try {
    process.chdir(`${source}/${folder}`);
    return readdirSync(".");
  } catch (error) {
    throw unreadable(folder || ".", error);
  }
}

function cwdIfAny(): string | null {
  return orNull(() => process.cwd(), "ENOENT");
}

/** Null if it is gone since the folder was listed: then it is not part of the source any more. */
function look(name: string, path: string): Stats | null {
  try {
    const stat = lstatSync(name, { throwIfNoEntry: false });
    if (stat || !path.includes("\uFFFD")) return stat ?? null;
  } catch (error) {
    throw unreadable(path, error);
  }
  throw new GreenroomError("SOURCE_UNREADABLE", `${path} can't be read: its name is not UTF-8`, {
    hint: "rename it",
  });
}

function recognize({ source, storage }: Ground, path: string, stat: Stats): Found | null {
  if (stat.isFile()) return { kind: "file", path, look: lookOf(stat) };
  if (stat.isSymbolicLink()) {
    return storage.includes(path) ? null : { kind: "link", path, target: checkedTarget(source, path) };
  }
  throw new GreenroomError("SOURCE_SPECIAL", `${path} is a socket, device or pipe`, {
    hint: `remove it, or add ${JSON.stringify(path)} to .greenroomignore`,
  });
}

function checkedTarget(source: string, path: string): string {
  const target = readlinkSync(`${source}/${path}`);
  if (staysInside(path, target)) return target;
  const plain = posix.normalize(target);
  if (staysInside(path, plain)) {
    const what = `${path} points at ${target}, which climbs out of a folder behind its first name`;
    throw new GreenroomError("SYMLINK_ESCAPES", what, { hint: `write it without: ln -sfn ${plain} ${path}` });
  }
  throw new GreenroomError("SYMLINK_ESCAPES", `${path} points out of the release, at ${target}`, {
    hint: `make it relative, declare ${JSON.stringify(path)} as storage, or add it to .greenroomignore`,
  });
}

// ".." is allowed in front only: behind a component that is itself a symlink the kernel would climb from where that
// one leads, which the text of the target doesn't show.
export function staysInside(path: string, target: string): boolean {
  if (posix.isAbsolute(target)) return false;
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const climbs = parts.findIndex((part) => part !== "..");
  const up = climbs === -1 ? parts.length : climbs;
  return up < path.split("/").length && !parts.slice(up).includes("..");
}

export function unreadable(path: string, error: unknown): unknown {
  const code = errnoOf(error);
  if (error instanceof GreenroomError || !code) return error;
  if (code === "ENOENT") return vanished(path, error);
  if (code === "ENAMETOOLONG") return tooLong(path, error);
  if (!["EACCES", "EPERM", "ELOOP", "EISDIR"].includes(code)) return error;
  return new GreenroomError("SOURCE_UNREADABLE", `${path} can't be read: permission denied`, {
    hint: `make it readable, or add ${JSON.stringify(path)} to .greenroomignore`,
    cause: error,
  });
}

function vanished(path: string, cause: unknown): GreenroomError {
  return new GreenroomError("SOURCE_CHANGING", `${path} vanished while it was to be read`, {
    hint: `stage again once nothing writes to the source, or add ${JSON.stringify(path)} to .greenroomignore`,
    cause,
  });
}

/** Of the kernel's 4,095 bytes, what a release's own place may take is left free. */
const LONGEST = 3_500;

function tooLong(path: string, cause: unknown): GreenroomError {
  const short = `${path.slice(0, 60)}…${path.slice(-30)}`;
  const what = `${short} can't be read: its path has ${Buffer.byteLength(path)} bytes, ${LONGEST} at most are usable`;
  return new GreenroomError("SOURCE_UNREADABLE", what, {
    hint: `add ${JSON.stringify(path.slice(0, path.indexOf("/") + 1))} to .greenroomignore, or nest it less`,
    cause,
  });
}
