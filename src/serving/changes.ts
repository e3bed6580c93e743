import { readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { ensureDirectory, orNull, writeFileDurably } from "../disk/durable.ts";

/** A file that is to be written, or taken away where its content is null. */
export interface Change {
  path: string;
  content: string | null;
}

export function isChange({ path, content }: Change): boolean {
  return readOrNull(path) !== content;
}

/** Does it; answers what would undo it. */
export function put({ path, content }: Change): Change {
  const before = readOrNull(path);
  if (content === null) rmSync(path, { force: true });
  else writeFileIn(path, content);
  return { path, content: before };
}

function writeFileIn(path: string, content: string): void {
  ensureDirectory(dirname(path));
  writeFileDurably(path, content);
}

export function readOrNull(path: string): string | null {
  return orNull(() => readFileSync(path, "utf8"), "ENOENT", "ENOTDIR");
}
