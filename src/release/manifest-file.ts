import { createHash } from "node:crypto";
import { closeSync, linkSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { orNull, syncDirectory, writeSynced } from "../disk/durable.ts";
import { errnoOf, GreenroomError } from "../errors.ts";
import { type Entry, letterOf, type Manifest, type ManifestHead } from "./manifest.ts";

// Lines of ASCII: a short head, so that a list of releases needn't read the entries, the entries by column, and the
// SHA-256 of all before it, since nothing else would tell that a bit of the manifest itself has flipped.
// Reading this takes a third of the time that a list of objects would: there is one string to parse, not one an entry.
interface Columns {
  /** Joined by "//", which no path holds. */
  paths: string;
  /** A letter an entry. */
  kinds: string;
  /** 64 letters a file. */
  sha256: string;
  sizes: number[];
  mtimes: number[];
  targets: string[];
}

const HEAD_LIMIT = 16_384;

/** False if a manifest of that name is already there; it is never replaced. */
export function writeManifest(temporary: string, path: string, { entries, ...head }: Manifest): boolean {
  try {
    const bytes = Buffer.from(`${toAscii(head)}\n${toAscii(toColumns(entries))}\n`, "latin1");
    writeSynced(temporary, [bytes, `${sha256(bytes)}\n`]);
    linkSync(temporary, path);
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncDirectory(dirname(path));
  return true;
}

export function readManifest(path: string): Manifest | null {
  const bytes = orNull(() => readFileSync(path), "ENOENT");
  if (bytes === null) return null;
  const sum = bytes.length - SUM_LENGTH;
  if (bytes.toString("latin1", sum) !== `${sha256(bytes.subarray(0, sum))}\n`) throw damaged(path);
  const end = bytes.indexOf("\n");
  const head = JSON.parse(bytes.toString("latin1", 0, end)) as ManifestHead;
  return { ...head, entries: fromColumns(JSON.parse(bytes.toString("latin1", end + 1, sum)) as Columns) };
}

export function readManifestHead(path: string): ManifestHead | null {
  const fd = orNull(() => openSync(path, "r"), "ENOENT");
  if (fd === null) return null;
  try {
    const bytes = Buffer.alloc(HEAD_LIMIT);
    const text = bytes.toString("latin1", 0, readSync(fd, bytes, 0, HEAD_LIMIT, 0));
    return JSON.parse(text.slice(0, text.indexOf("\n")));
  } catch (error) {
    throw error instanceof SyntaxError ? damaged(path, error) : error;
  } finally {
    closeSync(fd);
  }
}

const SUM_LENGTH = 65;

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function damaged(path: string, cause?: unknown): GreenroomError {
  return new GreenroomError("VERIFY_FAILED", `the manifest ${path} is damaged`, {
    hint: "greenroom verify",
    cause,
  });
}

function toAscii(value: object): string {
  const text = JSON.stringify(value);
  if (!BEYOND_ASCII.test(text)) return text;
  return text.replace(
    BEYOND_ASCII_ALL,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const BEYOND_ASCII = /[\u0080-\uffff]/;
const BEYOND_ASCII_ALL = /[\u0080-\uffff]/g;

function toColumns(entries: Entry[]): Columns {
  const files = entries.filter((entry) => entry.kind === "file");
  return {
    paths: entries.map((entry) => entry.path).join("//"),
    kinds: entries.map(letterOf).join(""),
    sha256: files.map((file) => file.sha256).join(""),
    sizes: files.map((file) => file.size),
    mtimes: files.map((file) => file.mtime),
    targets: entries.flatMap((entry) => (entry.kind === "link" ? entry.target : [])),
  };
}

function fromColumns({ paths, kinds, sha256, sizes, mtimes, targets }: Columns): Entry[] {
  let file = 0;
  let link = 0;
  if (kinds === "") return [];
  return paths.split("//").map((path, i): Entry => {
    const letter = kinds[i];
    if (letter === "d") return { kind: "folder", path };
    if (letter === "l") return { kind: "link", path, target: targets[link++]! };
    const hash = sha256.slice(64 * file, 64 * file + 64);
    const [size, mtime] = [sizes[file]!, mtimes[file]!];
    file += 1;
    return { kind: "file", path, executable: letter === "x", size, sha256: hash, mtime };
  });
}
