import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isName } from "../names.ts";

export type Kind = "static" | "process" | "php";

/** What a folder suggests of its greenroom.json. */
export interface Guess {
  project: string;
  kind: Kind;
  folder: string;
  command: string;
}

export interface Answers {
  project: string;
  kind: Kind;
  /** The folder that visitors see, or the line that starts the server. */
  serves: string;
  domain: string;
}

export function guessFrom(dir: string): Guess {
  const { start = "" } = readScripts(dir);
  return { project: nameOf(basename(dir)), ...servedFrom(dir, start), command: start };
}

function servedFrom(dir: string, start: string): Pick<Guess, "kind" | "folder"> {
  const holds = (file: string) => (folder: string) => existsSync(join(dir, folder, file));
  // Who has both shows what PHP makes: a site of files has no use for it.
  const scripts = ["public", "web", "htdocs", "."].find(holds("index.php"));
  if (scripts) return { kind: "php", folder: scripts };
  const pages = ["public", "dist", "build", "_site", "."].find(holds("index.html"));
  if (pages) return { kind: "static", folder: pages };
  if (start) return { kind: "process", folder: "." };
  if (!existsSync(join(dir, "composer.json"))) return { kind: "static", folder: "." };
  return { kind: "php", folder: existsSync(join(dir, "public")) ? "public" : "." };
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
