import { readFileSync } from "node:fs";
import { join } from "node:path";
import ignore from "ignore";
import { orNull } from "../disk/durable.ts";
import { GreenroomError } from "../errors.ts";
import type { Ignores } from "../release/walk.ts";
import { PROJECT_FILE } from "./schema.ts";

/** Folders that are never part of a release, wherever they are. */
export const VERSION_CONTROL = [".git", ".svn", ".hg", ".bzr", "CVS", ".jj"];
/** A quick look that spares most paths the slow one. */
const HINT = /\.git|\.svn|\.hg|\.bzr|CVS|\.jj/;
const IGNORE_FILE = ".greenroomignore";
const OWN = [IGNORE_FILE, PROJECT_FILE];

/** What never becomes part of a release: the version control's own, Greenroom's own, .greenroomignore and `ignore`. */
export function createIgnores(dir: string, patterns: string[]): Ignores {
  const file = orNull(() => readFileSync(join(dir, IGNORE_FILE), "utf8"), "ENOENT") ?? "";
  const own = ignore({ ignorecase: false }).add(file).add(patterns);
  const any = /\S/.test(file) || patterns.length > 0;
  assertUsable(own);
  return (path) => isVersionControl(path) || OWN.includes(path) || (any && own.ignores(path));
}

/** Patterns become regular expressions when first asked, and those have a limit. */
function assertUsable(own: { ignores(path: string): boolean }): void {
  try {
    own.ignores("any");
  } catch (error) {
    throw new GreenroomError("CONFIG_INVALID", "a pattern of ignore or .greenroomignore can't be used", {
      hint: "shorten it",
      cause: error,
    });
  }
}

function isVersionControl(path: string): boolean {
  if (!HINT.test(path)) return false;
  const end = path.endsWith("/") ? path.length - 1 : path.length;
  return VERSION_CONTROL.includes(path.slice(path.lastIndexOf("/", end - 1) + 1, end));
}
