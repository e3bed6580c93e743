import { GreenroomError } from "../errors.ts";
import type { Entry, LinkEntry } from "../release/manifest.ts";
import { ancestors, withLinks } from "../release/merge.ts";

export type EnvironmentLink = Pick<LinkEntry, "path" | "target">;

/** What an environment puts in a release's place: its storage, and the release's own rendered config. */
export function environmentLinks(storage: string[], config: string[], release: string): EnvironmentLink[] {
  return [
    ...storage.map((path) => ({ path, target: `${upToSite(path)}storage/${path}` })),
    ...config.map((path) => ({ path, target: `${upToSite(path)}config/${release}/${path}` })),
  ];
}

/** A release's tree in an environment. */
export function treeEntries(entries: Entry[], links: EnvironmentLink[]): Entry[] {
  if (links.length === 0) return entries;
  const files = new Set(entries.filter((entry) => entry.kind !== "folder").map((entry) => entry.path));
  for (const link of links) {
    const blocker = ancestors(link.path).find((path) => files.has(path));
    if (!blocker) continue;
    throw new GreenroomError(
      "CONFIG_INVALID",
      `${link.path} can't be linked in: ${blocker} is a file in the release`,
      {
        hint: "rename one of them in greenroom.json",
      },
    );
  }
  return withLinks(entries, links);
}

// From the folder that holds the link, through the release and releases/, to the site.
function upToSite(path: string): string {
  return "../".repeat(path.split("/").length + 1);
}
