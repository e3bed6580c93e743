import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { ensureDirectory, movePointer, readPointer, syncDirectory } from "../disk/durable.ts";
import { SIDES } from "./sides.ts";
import { at, type Site } from "./site.ts";
import { isVisible, listNames } from "./state.ts";

/** Letters and digits that nobody mistakes for each other, 32 of them: five bits each. */
const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";
const LENGTH = 12;

/** Whoever doesn't know the secret finds no such path. Null where previews are open. */
export function readSecret(site: Site): string | null {
  const name = listNames(at.previews(site)).find(
    (name) => name.endsWith("-blue") && leadsTo(site, name, "../blue"),
  );
  return name?.slice(0, -"-blue".length) ?? null;
}

/** The environment's previews have one address, whichever of its servers answers. */
export function adoptSecret(site: Site, secret: string): void {
  const before = readSecret(site);
  if (before === secret) return;
  ensureDirectory(at.previews(site), 0o711);
  movePointer(join(at.previews(site), `${secret}-blue`), "../blue");
  if (before !== null) rmSync(join(at.previews(site), `${before}-blue`));
  refreshPreviews(site, "secret");
}

/** Makes the folder of preview addresses hold just those that should be. */
export function refreshPreviews(site: Site, previews: "secret" | "open"): void {
  // Others may pass through it, not list it.
  ensureDirectory(at.previews(site), 0o711);
  const secret = previews === "open" ? null : (readSecret(site) ?? makeSecret());
  const wanted = wantedPreviews(site, secret);
  for (const [name, target] of wanted) {
    if (!leadsTo(site, name, target)) movePointer(join(at.previews(site), name), target);
  }
  for (const name of listNames(at.previews(site))) {
    if (!wanted.has(name)) rmSync(join(at.previews(site), name), { force: true });
  }
  syncDirectory(at.previews(site));
}

// The blue side's comes first: it is the one from which the secret is read back. What ends in "@" and a side is there
// if that side shows the name's release, for routers that can't see where a link leads; no host has such a name.
function wantedPreviews(site: Site, secret: string | null): Map<string, string> {
  const prefix = secret === null ? "" : `${secret}-`;
  const wanted = new Map<string, string>();
  for (const side of SIDES) {
    wanted.set(`${prefix}${side}`, `../${side}`);
    wanted.set(`${prefix}${side}@${side}`, `../${side}`);
    wanted.set(`${prefix}rehearsal@${side}`, `../traffic/rehearsal.${side}`);
    const release = basename(readPointer(at.side(site, side)) ?? "");
    if (release) wanted.set(`${prefix}${release}@${side}`, `../${side}`);
  }
  wanted.set(`${prefix}rehearsal`, "../rehearsal");
  for (const version of listNames(at.releases(site)).filter(isVisible)) {
    wanted.set(`${prefix}${version}`, `../releases/${version}`);
  }
  return wanted;
}

export function previewHost(site: Site, domain: string, place: string): string {
  const secret = readSecret(site);
  return secret === null ? `${place}.${domain}` : `${secret}-${place}.${domain}`;
}

function leadsTo(site: Site, name: string, target: string): boolean {
  return readPointer(join(at.previews(site), name)) === target;
}

export function makeSecret(): string {
  return [...randomBytes(LENGTH)].map((byte) => ALPHABET[byte % ALPHABET.length]).join("");
}
