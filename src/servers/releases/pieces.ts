import type { Entry } from "../../release/manifest.ts";

/** What is said at once of the contents that another machine lacks: some whole ones, or a part of a large one. */
export type Piece = { bytes: number } & ({ contents: number[] } | { content: number; at: number });

const PIECE_BYTES = 8 * 1024 * 1024;
const PIECE_FILES = 2000;

/** `begun`: how much of a large content is there already. */
export function piecesOf(entries: Entry[], lacks: number[], begun: Map<number, number>): Piece[] {
  const pieces: Piece[] = [];
  let together: { bytes: number; contents: number[] } | null = null;
  for (const index of lacks) {
    const size = sizeAt(entries, index);
    if (size > PIECE_BYTES) {
      pieces.push(...partsOf(index, size, begun.get(index) ?? 0));
      continue;
    }
    if (!together || together.bytes + size > PIECE_BYTES || together.contents.length >= PIECE_FILES) {
      together = { bytes: 0, contents: [] };
      pieces.push(together);
    }
    together.contents.push(index);
    together.bytes += size;
  }
  return pieces;
}

/** All of it may be there, and not yet have its name: nothing more is said then, and it gets it. */
function partsOf(content: number, size: number, begun: number): Piece[] {
  const parts: Piece[] = [];
  let at = begun;
  do {
    const bytes = Math.min(PIECE_BYTES, size - at);
    parts.push({ content, at, bytes });
    at += bytes;
  } while (at < size);
  return parts;
}

function sizeAt(entries: Entry[], index: number): number {
  const entry = entries[index];
  return entry?.kind === "file" ? entry.size : 0;
}
