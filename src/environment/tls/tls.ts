import {
  chmodSync,
  chownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import {
  ensureDirectory,
  orNull,
  syncDirectory,
  TEMPORARY,
  temporaryName,
  writeSynced,
} from "../../disk/durable.ts";
import { GreenroomError } from "../../errors.ts";
import { at, type Identity, type Site } from "../site.ts";
import { type Certificate, pair } from "./certificate.ts";

/** What a certificate is for: the environment's domain, or the names below it. */
export const ROLES = ["own", "previews"] as const;
export type Role = (typeof ROLES)[number];

/** A name that the certificate of a role must cover. */
export function hostOf(role: Role, domain: string): string {
  return role === "own" ? domain : `any.${domain}`;
}

/** Where the certificate is that visitors get, and its key: one file, so that both change in one moment. */
export function certificatePath(site: Site, role: Role): string {
  return join(at.tls(site), `${role}.pem`);
}

/** Null where there is none, or none that could be used. */
export function readInstalled(site: Site, role: Role): Certificate | null {
  const path = certificatePath(site, role);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return null;
  const look = `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
  const known = looked.get(path);
  if (known?.look === look) return known.certificate;
  const certificate = parseInstalled(path);
  looked.set(path, { look, certificate });
  return certificate;
}

/** Who keeps certificates looks at all of them every few seconds. */
const looked = new Map<string, { look: string; certificate: Certificate | null }>();

function parseInstalled(path: string): Certificate | null {
  const text = orNull(() => readFileSync(path, "utf8"), "ENOENT", "ENOTDIR");
  if (text === null) return null;
  try {
    return pair(text, text, path);
  } catch (error) {
    if (error instanceof GreenroomError) return null;
    throw error;
  }
}

/** New connections get it from the moment at which this renames it into its place; nothing is told of it. */
export function install(site: Site, role: Role, { pem }: Certificate, group: number | null): void {
  ensureDirectory(at.tls(site));
  sweepKeys(at.tls(site));
  const place = certificatePath(site, role);
  const temporary = temporaryName(place);
  try {
    writeSynced(temporary, [pem], 0o600);
    if (group !== null) {
      chownSync(temporary, -1, group);
      chmodSync(temporary, 0o640);
    }
    renameSync(temporary, place);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(dirname(place));
}

const HOUR = 3_600_000;

/** What a run that was killed left; what is younger may be somebody's who is at work. */
function sweepKeys(folder: string): void {
  for (const name of readdirSync(folder).filter((one) => one.startsWith(TEMPORARY))) {
    const stat = lstatSync(join(folder, name), { throwIfNoEntry: false });
    if (stat && Date.now() - stat.mtimeMs > HOUR) rmSync(join(folder, name), { force: true });
  }
}

/** The role whose certificate answers for each kind of name, where there is one. */
export function rolesServed(site: Site, { domain, tls }: Pick<Identity, "domain" | "tls">) {
  if (!tls) return { domain: null, below: null };
  const own = readInstalled(site, "own");
  const previews = tls.previews ? readInstalled(site, "previews") : null;
  const below = hostOf("previews", domain);
  const coversBelow = own?.covers(below) ? "own" : null;
  return {
    domain: own?.covers(domain) ? ("own" as const) : null,
    below: previews?.covers(below) ? ("previews" as const) : coversBelow,
  } satisfies Record<string, Role | null>;
}
