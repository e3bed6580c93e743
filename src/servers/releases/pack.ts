import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { promisify } from "node:util";
import { constants, deflateRaw, deflateRawSync } from "node:zlib";
import { GreenroomError } from "../../errors.ts";
import type { Entry, FileEntry } from "../../release/manifest.ts";
import { objectPath, type Store } from "../../release/store.ts";
import type { Piece } from "./pieces.ts";

/** The bytes of a piece as they go over the line. */
export async function packPiece(store: Store, entries: Entry[], piece: Piece): Promise<Buffer> {
  return pack(readPiece(store, entries, piece));
}

export async function pack(bytes: Buffer): Promise<Buffer> {
  return await promisify(deflateRaw)(bytes, { level: isDense(bytes) ? constants.Z_NO_COMPRESSION : FAST });
}

const FAST = 3;
const SAMPLE = 64 * 1024;

/** Pictures and archives don't get smaller, and it takes long to find that out. */
function isDense(bytes: Buffer): boolean {
  if (bytes.length <= SAMPLE) return false;
  const middle = Math.floor((bytes.length - SAMPLE) / 2);
  const sample = bytes.subarray(middle, middle + SAMPLE);
  return deflateRawSync(sample, { level: 1 }).length > SAMPLE * 0.97;
}

function readPiece(store: Store, entries: Entry[], piece: Piece): Buffer {
  if ("contents" in piece) {
    return Buffer.concat(
      piece.contents.map((index) => readFileSync(objectPath(store, entries[index] as FileEntry))),
    );
  }
  const entry = entries[piece.content] as FileEntry;
  const bytes = Buffer.allocUnsafe(piece.bytes);
  const fd = openSync(objectPath(store, entry), "r");
  try {
    for (let done = 0; done < bytes.length; ) {
      const got = readSync(fd, bytes, done, bytes.length - done, piece.at + done);
      if (got === 0) throw damaged(entry);
      done += got;
    }
  } finally {
    closeSync(fd);
  }
  return bytes;
}

function damaged({ path }: FileEntry): GreenroomError {
  return new GreenroomError("VERIFY_FAILED", `the content of ${path} is damaged in this machine's store`, {
    hint: "greenroom verify",
  });
}
