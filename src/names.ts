import { createHash } from "node:crypto";
import { GreenroomError } from "./errors.ts";

const GRAMMAR = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
const LIMIT = 40;

/** Words that mean a place of every environment, so no version may be called that. */
const RESERVED_VERSIONS = new Set(["blue", "green", "live", "rehearsal", "current"]);

export function isName(name: string): boolean {
  return GRAMMAR.test(name) && !name.includes("..") && name.length <= LIMIT;
}

/** The one gate for everything that becomes part of a path. */
export function assertName(what: string, name: string): void {
  if (isName(name)) return;
  throw new GreenroomError("NAME_INVALID", `${what} ${JSON.stringify(name)} doesn't fit`, {
    hint: `use a to z, 0 to 9, "." and "-", at most ${LIMIT} characters, for instance ${slug(name)}`,
  });
}

export function assertVersion(version: string): void {
  assertName("version", version);
  if (RESERVED_VERSIONS.has(version) || version.endsWith(".json")) {
    throw new GreenroomError("NAME_INVALID", `a release can't be called ${JSON.stringify(version)}`, {
      hint: "choose another name with --version",
    });
  }
}

const MACHINES_OWN = new Set(
  "bin boot dev etc home lib lib32 lib64 libx32 media mnt opt proc root run sbin srv sys tmp usr var"
    .split(" ")
    .map((name) => `/${name}`)
    .concat("/"),
);

/** A root is a folder to itself: these are full of what others keep there. */
export function isMachinesOwn(folder: string): boolean {
  return MACHINES_OWN.has(folder);
}

/** A valid name for any text: the text itself where it fits, else a cleaned form with a short hash. */
export function slug(text: string): string {
  if (isName(text)) return text;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 6);
  const clean = text
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, "-")
    .replace(/\.{2,}/g, ".")
    .replace(/^[.-]+/, "")
    .slice(0, LIMIT - hash.length - 1)
    .replace(/[.-]+$/, "");
  return clean ? `${clean}-${hash}` : hash;
}
