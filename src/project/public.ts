import { join } from "node:path";
import type { EnvironmentSpec } from "../environment/spec.ts";
import { GreenroomError } from "../errors.ts";
import type { Entry } from "../release/manifest.ts";

/** The folder that visitors see must come from somewhere: the release, its storage, or what is rendered into it. */
export function assertPublic(
  { serve, storage, config }: EnvironmentSpec,
  entries: Pick<Entry, "kind" | "path">[],
): void {
  if (serve.kind === "php" && serve.front !== null)
    assertFront(join(serve.public, serve.front), entries, config);
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

function assertFront(
  front: string,
  entries: Pick<Entry, "kind" | "path">[],
  config: EnvironmentSpec["config"],
): void {
  const isOnTheWay = (path: string) => front.startsWith(`${path}/`);
  if ([...entries, ...config].some(({ path }) => path === front)) return;
  if (entries.some(({ kind, path }) => kind === "link" && isOnTheWay(path))) return;
  throw new GreenroomError("PUBLIC_MISSING", `the release has no ${front} to answer visitors`, {
    hint: "check serve.public and serve.front in greenroom.json; null where there is no front controller",
  });
}
