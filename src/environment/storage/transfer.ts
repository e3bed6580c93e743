import type { Emit } from "../../events.ts";
import type { Part } from "./file-parts.ts";
import type { FileRoom } from "./file-room.ts";
import type { FileTree, StoredFile } from "./file-tree.ts";
import { assertNothingInTheWay, pathsTo } from "./in-the-way.ts";

export interface Transfer {
  kind: FileTree["kind"];
  folders: string[];
  files: StoredFile[];
  /** Only where that was asked for: what is there and not here. */
  removed: string[];
  /** Of transfers that died there. */
  leftovers: string[];
  /** Symlinks and the like, which stay where they are. */
  skipped: string[];
}

/** What makes one tree as the other. A file of the same size and time is the same. */
export function planTransfer(from: FileTree, to: FileTree, deletes: boolean): Transfer {
  assertNothingInTheWay(from, to);
  const there = new Map(to.files.map((file) => [file.path, file]));
  const folders = new Set(to.folders);
  const kept = new Set([
    ...from.files.map(({ path }) => path),
    ...from.folders,
    ...to.skipped.flatMap(pathsTo),
  ]);
  const doomed = [...to.files.map(({ path }) => path), ...to.folders.toReversed()];
  return {
    kind: from.kind,
    folders: from.folders.filter((path) => !folders.has(path)),
    files: from.files.filter((file) => !isSame(file, there.get(file.path))),
    removed: deletes ? doomed.filter((path) => !kept.has(path)) : [],
    leftovers: to.leftovers,
    skipped: from.skipped,
  };
}

function isSame({ size, mtime }: StoredFile, other: StoredFile | undefined): boolean {
  return other !== undefined && other.size === size && Math.abs(other.mtime - mtime) < 1000;
}

/** Does it; what was begun only goes, also where it fails. */
export async function carryOut(plan: Transfer, from: FileRoom, to: FileRoom, emit: Emit): Promise<void> {
  try {
    await carryAll(plan, from, to, emit);
  } catch (error) {
    await to.end().catch(() => {});
    throw error;
  }
  await to.end();
}

/** What is removed goes first, so that it isn't in the way. */
async function carryAll(
  { kind, folders, files, removed, leftovers }: Transfer,
  from: FileRoom,
  to: FileRoom,
  emit: Emit,
): Promise<void> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  await to.remove([...leftovers, ...removed]);
  if (kind === "folder") await to.makeFolders(folders);
  for (const parts of batchesOf(files)) {
    await to.write(parts, await from.read(parts));
    done += parts.reduce((sum, { length }) => sum + length, 0);
    emit({ event: "progress", what: "carried", done, total, unit: "bytes" });
  }
}

const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_FILES = 1000;

function batchesOf(files: StoredFile[]): Part[][] {
  const batches: Part[][] = [];
  let room = 0;
  for (const file of files) {
    let offset = 0;
    do {
      if (room === 0 || batches.at(-1)!.length >= BATCH_FILES) {
        batches.push([]);
        room = BATCH_BYTES;
      }
      const length = Math.min(room, file.size - offset);
      batches.at(-1)!.push({ file, offset, length });
      offset += length;
      room -= length;
    } while (offset < file.size);
  }
  return batches;
}
