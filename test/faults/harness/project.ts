import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What a path of a release must be. A folder holds only what has a path of its own. */
export type Thing =
  | { kind: "file"; content: string; executable: boolean }
  | { kind: "link"; target: string }
  | { kind: "folder" };

/** What a visitor uploads while the first release is live. */
export const VISITED: Thing = { kind: "file", content: "from a visitor\n", executable: false };

export interface Settings {
  keep: number;
  domain?: string;
  storage?: string[];
}

const UNCHANGED = "the same in all of them\n".repeat(900);

function file(content: string, executable = false): Thing {
  return { kind: "file", content, executable };
}

/** The release that has so many files that two threads read them. */
export const MANY = 9;

/** Each thread takes 64 of them at a time, one of which is too large for its memory. */
function manyFiles(): Record<string, Thing> {
  const paths = Array.from({ length: 2048 }, (_, i) => [
    `many/${i}.txt`,
    file(i % 64 === 0 ? LARGE + i : `page ${i}\n`),
  ]);
  return Object.fromEntries(paths) as Record<string, Thing>;
}

const LARGE = "a mebibyte, and a number".padEnd(1 << 20);

/** The project's files for its n-th release: some stay, some change, come, go, and become executable. */
export function filesOf(n: number): Record<string, Thing> {
  return {
    "index.html": file(`<h1>release ${n}</h1>\n`),
    "about.html": file(UNCHANGED),
    "assets/app.js": file(`console.log(${n});\n`),
    "assets/style.css": file("body { color: black }\n"),
    [`assets/only-${n}.txt`]: file(`only in ${n}\n`),
    [`part-${n % 2}/page.html`]: file(`a folder that comes and goes, ${n}\n`),
    "bin/run": file("#!/bin/sh\nexit 0\n", true),
    "bin/tool": file("#!/bin/sh\nexit 1\n", n % 2 === 0),
    "home.html": { kind: "link", target: n % 2 === 0 ? "about.html" : "index.html" },
    empty: { kind: "folder" },
    "uploads/seed.txt": file("what the first release brings\n"),
    "data/seed.txt": file("another seed\n"),
    ...(n === MANY ? manyFiles() : {}),
  };
}

export function configOf(n: number): string {
  return `{"db":"shop","release":${n}}\n`;
}

/** Makes the folder hold the n-th release's sources and its greenroom.json. */
export function writeProject(dir: string, n: number, settings: Settings): void {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(join(dir, "templates"), { recursive: true });
  for (const [path, thing] of Object.entries(filesOf(n))) writeThing(join(dir, path), thing);
  writeFileSync(join(dir, "templates", "site.json.hbs"), `{"db":"{{db}}","release":${n}}\n`);
  writeFileSync(join(dir, "greenroom.json"), JSON.stringify(settingsFile(settings), null, 2));
}

function writeThing(path: string, thing: Thing): void {
  mkdirSync(thing.kind === "folder" ? path : dirname(path), { recursive: true });
  if (thing.kind === "link") symlinkSync(thing.target, path);
  if (thing.kind !== "file") return;
  writeFileSync(path, thing.content);
  chmodSync(path, thing.executable ? 0o755 : 0o644);
}

function settingsFile({ keep, domain = "shop.localhost", storage = ["uploads"] }: Settings) {
  return {
    project: "shop",
    serve: { kind: "static" },
    ignore: ["templates/"],
    storage,
    config: { "config/site.json": "templates/site.json.hbs" },
    environments: { production: { domain, keep, values: { db: "shop" } } },
  };
}
