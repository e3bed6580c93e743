import type { EnvironmentSpec } from "../environment/spec.ts";
import { GreenroomError } from "../errors.ts";
import type { Entry } from "../release/manifest.ts";

/** The folder that visitors see must come from somewhere: the release, its storage, or what is rendered into it. */
export function assertPublic(
  { serve, storage, config }: EnvironmentSpec,
  entries: Pick<Entry, "kind" | "path">[],
): void {
  const folder = serve.public;
  if (folder === null || folder === ".") return;
  const isBelow = (path: string) => path.startsWith(`${folder}/`);
  const isAbove = (path: string) => path === folder || folder.startsWith(`${path}/`);
  if (entries.some(({ kind, path }) => isBelow(path) || (kind === "link" && isAbove(path)))) return;
  if (entries.some(({ kind, path }) => kind === "folder" && path === folder)) return;
  if (storage.some((path) => isBelow(path) || isAbove(path))) return;
  if (config.some(({ path }) => isBelow(path))) return;
  throw new GreenroomError(
    "PUBLIC_MISSING",
    `the release has no folder ${JSON.stringify(folder)} for visitors to see`,
    { hint: "check serve.public, build.output and ignore in greenroom.json" },
  );
}
