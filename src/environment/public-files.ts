import { posix } from "node:path";
import type { Entry } from "../release/manifest.ts";

/** What a release's files say of how a web server must serve them. */
export interface PublicFiles {
  /** Some lie there compressed, too. */
  precompressed: boolean;
  /** Links below the public folder, as visitors see them, that lead elsewhere than to a file of the release. */
  links: string[];
}

export function describePublic(entries: Entry[], folder: string | null): PublicFiles {
  if (folder === null) return { precompressed: false, links: [] };
  const prefix = folder === "." ? "" : `${folder}/`;
  const files = new Set(entries.flatMap((entry) => (entry.kind === "file" ? entry.path : [])));
  const seen = entries.filter(({ path }) => path.startsWith(prefix));
  return {
    precompressed: seen.some(({ path }) => path.endsWith(".gz") && files.has(path.slice(0, -3))),
    links: seen.flatMap((entry) =>
      entry.kind === "link" && !files.has(posix.join(posix.dirname(entry.path), entry.target))
        ? `/${entry.path.slice(prefix.length)}`
        : [],
    ),
  };
}
