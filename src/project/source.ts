import { realpathSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeTemporary } from "../disk/temporary.ts";
import { GreenroomError } from "../errors.ts";
import type { Emit } from "../events.ts";
import { runToEnd } from "../processes/run.ts";
import { addWorktree, commitOf, removeWorktree, tagAt } from "./git.ts";
import { loadProject, type Project } from "./load.ts";

/** What a release is made from. */
export interface Source {
  /** The folder whose contents are released. */
  dir: string;
  /** greenroom.json as it stands beside the source, and the folder that its templates are in. */
  project: Project;
  /** What the user named. */
  from: string;
  commit: string | null;
  tag: string | null;
}

const BUILD_LIMIT = 60 * 60_000;

/** Finds or checks out what `from` names, builds it, and lends it to `use`. */
export async function withSource<T>(
  project: Project,
  from: string | undefined,
  how: { emit: Emit; build: boolean },
  use: (source: Source) => Promise<T>,
): Promise<T> {
  const folder = findFolder(project, from);
  if (folder !== null && folder !== project.dir) {
    return use({ dir: folder, project, from: folder, commit: null, tag: null });
  }
  if (folder !== null)
    return useBuilt({ project, from: project.dir, commit: null, tag: tagAt(project.dir, null) }, how, use);
  const commit = commitOf(project.dir, from!);
  const parent = realpathSync(makeTemporary("source"));
  const tree = join(parent, "source");
  try {
    const inner = addWorktree(project.dir, tree, commit);
    const checkout = asOf(project, join(tree, inner));
    return await useBuilt(
      { project: checkout, from: from!, commit, tag: tagAt(project.dir, commit, from) },
      how,
      use,
    );
  } finally {
    removeWorktree(project.dir, tree);
    rmSync(parent, { recursive: true, force: true });
  }
}

/** Null where `from` is no folder, and so must be a git ref. */
function findFolder(project: Project, from: string | undefined): string | null {
  if (from === undefined) return project.dir;
  const folder = resolve(from);
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return realpathSync(folder) === realpathSync(project.dir) ? project.dir : folder;
  if (!stat) return null;
  throw new GreenroomError("SOURCE_MISSING", `${from} is not a folder`, {
    hint: "--from takes a folder or a git ref",
  });
}

// How a release is built and served is its own; which environments there are, and where, is today's.
function asOf(project: Project, dir: string): Project {
  const { file } = loadProject(dir);
  const { environments, project: name } = project.file;
  return { dir, file: { ...file, environments, project: name } };
}

async function useBuilt<T>(
  source: Omit<Source, "dir">,
  how: { emit: Emit; build: boolean },
  use: (source: Source) => Promise<T>,
): Promise<T> {
  const { dir, file } = source.project;
  for (const line of how.build ? file.build.run : []) await build(dir, line, how.emit);
  return use({ ...source, dir: assertFolder(resolve(dir, file.build.output)) });
}

async function build(dir: string, line: string, emit: Emit): Promise<void> {
  emit({ event: "step", text: `build: ${line}` });
  const outcome = await runToEnd(line, {
    cwd: dir,
    env: {},
    user: null,
    privileges: "keep",
    timeout: BUILD_LIMIT,
    log: null,
    onLine: (text) => emit({ event: "line", source: "build", text }),
  });
  if (outcome.code === 0 && !outcome.timedOut) return;
  const how = outcome.timedOut ? "took more than an hour" : `ended with ${outcome.code ?? outcome.signal}`;
  throw new GreenroomError("BUILD_FAILED", `the build command "${line}" ${how}`, {
    detail: outcome.lastLines,
  });
}

function assertFolder(dir: string): string {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return dir;
  throw new GreenroomError("SOURCE_MISSING", `there is no folder ${dir} to release`, {
    hint: "check build.output in greenroom.json",
  });
}
