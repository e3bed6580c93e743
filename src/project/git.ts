import { spawnSync } from "node:child_process";
import { errnoOf, GreenroomError } from "../errors.ts";

/** The commit that a ref names. */
export function commitOf(dir: string, ref: string): string {
  const found = git(dir, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`]);
  if (found !== null) return found;
  throw new GreenroomError("SOURCE_MISSING", `${JSON.stringify(ref)} is neither a folder nor a git ref`, {
    hint: "git branch --all; git tag",
  });
}

/** Checks a commit out beside the user's own files; answers where in it the project is. */
export function addWorktree(dir: string, tree: string, commit: string): string {
  git(dir, ["worktree", "prune"]);
  const added = run(dir, ["worktree", "add", "--detach", "--quiet", tree, commit]);
  if (added.status !== 0) {
    throw new GreenroomError("GIT_FAILED", `git could not check out ${commit}`, {
      detail: added.stderr.trim().split("\n"),
    });
  }
  return git(dir, ["rev-parse", "--show-prefix"]) ?? "";
}

export function removeWorktree(dir: string, tree: string): void {
  git(dir, ["worktree", "remove", "--force", tree]);
}

/**
 * The tag at a commit, of several the one that was `typed`; with null, at the files as they are: only where they are
 * just what HEAD has.
 */
export function tagAt(dir: string, commit: string | null, typed?: string): string | null {
  const tags = git(dir, ["tag", "--points-at", commit ?? "HEAD", "--sort=-version:refname"])?.split("\n");
  const tag = tags?.find((one) => one === typed || `refs/tags/${one}` === typed) ?? tags?.[0];
  if (!tag) return null;
  if (commit === null && git(dir, ["status", "--porcelain", "--", "."]) !== "") return null;
  return tag;
}

/** What git says, or null where it refuses: no repository, no such thing. */
function git(dir: string, args: string[]): string | null {
  const { status, stdout } = run(dir, args);
  return status === 0 ? stdout.trim() : null;
}

function run(dir: string, args: string[]) {
  const ended = spawnSync("git", args, { cwd: dir, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  if (!ended.error) return ended;
  if (errnoOf(ended.error) === "ENOENT") return { status: 127, stdout: "", stderr: "git is not installed" };
  throw ended.error;
}
