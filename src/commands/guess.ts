import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isName } from "../names.ts";

/** What a folder suggests of its greenroom.json. */
export interface Guess {
  project: string;
  kind: "static" | "process";
  folder: string;
  command: string;
}

export interface Answers {
  project: string;
  kind: "static" | "process";
  /** The folder that visitors see, or the line that starts the server. */
  serves: string;
  domain: string;
}

export function guessFrom(dir: string): Guess {
  const { start } = readScripts(dir);
  const folder =
    ["public", "dist", "build", "_site"].find((name) => existsSync(join(dir, name, "index.html"))) ?? ".";
  const kind = start && folder === "." && !existsSync(join(dir, "index.html")) ? "process" : "static";
  return { project: nameOf(basename(dir)), kind, folder, command: start ?? "" };
}

/** Without anybody who could be asked. */
export function answersOf({ project, kind, folder, command }: Guess): Answers {
  return { project, kind, serves: kind === "process" ? command : folder, domain: suggestDomain(project) };
}

export function suggestDomain(project: string): string {
  return `${project.replaceAll(/[.-]+/g, "-")}.localhost`;
}

/** `My Shöp` is my-shop. */
function nameOf(folder: string): string {
  const plain = folder
    .normalize("NFKD")
    .replaceAll(/\p{Mark}/gu, "")
    .toLowerCase();
  const clean = plain.replaceAll(/[^a-z0-9.]+/g, "-").replaceAll(/\.{2,}/g, ".");
  const name = clean
    .replace(/^[.-]+/, "")
    .slice(0, 40)
    .replace(/[.-]+$/, "");
  return isName(name) ? name : "site";
}

function readScripts(dir: string): Record<string, string | undefined> {
  try {
    return (
      (JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as { scripts?: Record<string, string> })
        .scripts ?? {}
    );
  } catch {
    // No package.json, or none that anybody could read: no suggestion.
    return {};
  }
}
