import { closeSync, lstatSync, readdirSync, type Stats } from "node:fs";
import { inside, openFolder, placeOf, symlinkError } from "../../disk/inside.ts";
import { GreenroomError } from "../../errors.ts";

export interface StoredFile {
  path: string;
  size: number;
  /** Whole milliseconds. */
  mtime: number;
  mode: number;
}

/** What is below a folder; or one file, whose path is empty. */
export interface FileTree {
  kind: "folder" | "file" | "nothing";
  files: StoredFile[];
  folders: string[];
  /** Symlinks, sockets and names that are no text: they stay where they are. */
  skipped: string[];
  /** What transfers that died left behind: old enough that no other one is still at it. */
  leftovers: string[];
}

/** What a transfer that died leaves behind begins so. */
export const UNFINISHED = ".greenroom-";
const LEFTOVER = /^\.greenroom-[0-9a-f]{12}$/;
const AN_HOUR = 3_600_000;

/** Looks through a path below `base`, following no symlink. */
export function readTree(base: string, path: string): FileTree {
  return inside(base, path, (place) => {
    const tree: FileTree = { kind: "folder", files: [], folders: [], skipped: [], leftovers: [] };
    const stat = lstatSync(place, { throwIfNoEntry: false });
    if (!stat) return { ...tree, kind: "nothing" };
    if (stat.isSymbolicLink()) throw symlinkError(path);
    if (stat.isFile()) return { ...tree, kind: "file", files: [fileOf("", stat)] };
    if (!stat.isDirectory()) throw new GreenroomError("SOURCE_SPECIAL", `${path} is neither folder nor file`);
    readFolder(openFolder(place, path), place, "", tree);
    return tree;
  });
}

function readFolder(fd: number, path: string, below: string, tree: FileTree): void {
  try {
    const place = placeOf(fd, path);
    for (const bytes of readdirSync(place, { encoding: "buffer" })) {
      const name = bytes.toString("utf8");
      const full = below + name;
      if (name.startsWith(UNFINISHED)) {
        if (LEFTOVER.test(name) && isOld(`${place}/${name}`)) tree.leftovers.push(full);
        continue;
      }
      const isText = Buffer.from(name).equals(bytes);
      const stat = isText ? lstatSync(`${place}/${name}`, { throwIfNoEntry: false }) : undefined;
      if (stat?.isFile()) tree.files.push(fileOf(full, stat));
      else if (stat?.isDirectory()) {
        tree.folders.push(full);
        readFolder(openFolder(`${place}/${name}`, full), `${path}/${name}`, `${full}/`, tree);
      } else if (stat || !isText) tree.skipped.push(full);
    }
  } finally {
    closeSync(fd);
  }
}

function isOld(place: string): boolean {
  const stat = lstatSync(place, { throwIfNoEntry: false });
  return stat?.isFile() === true && Date.now() - stat.mtimeMs > AN_HOUR;
}

function fileOf(path: string, { size, mtimeMs, mode }: Stats): StoredFile {
  return { path, size, mtime: Math.floor(mtimeMs), mode: mode & 0o777 };
}
