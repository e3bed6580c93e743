import { readFileSync } from "node:fs";
import { join } from "node:path";
import ignore from "ignore";
import { orNull } from "../disk/durable.ts";
import type { Ignores } from "../release/walk.ts";

const VERSION_CONTROL = [".git", ".svn", ".hg", ".bzr", "CVS", ".jj"];
export const IGNORE_FILE = ".greenroomignore";

/** What never becomes part of a release: the version control's own, .greenroomignore and `ignore`. */
export function createIgnores(dir: string, patterns: string[]): Ignores {
  const file = orNull(() => readFileSync(join(dir, IGNORE_FILE), "utf8"), "ENOENT") ?? "";
  const own = ignore().add(file).add(patterns);
  const any = /\S/.test(file) || patterns.length > 0;
  return (path) => isVersionControl(path) || path === IGNORE_FILE || (any && own.ignores(path));
}

function isVersionControl(path: string): boolean {
  const end = path.endsWith("/") ? path.length - 1 : path.length;
  return VERSION_CONTROL.includes(path.slice(path.lastIndexOf("/", end - 1) + 1, end));
}
