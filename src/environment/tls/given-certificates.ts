import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { errnoOf, GreenroomError } from "../../errors.ts";
import type { Identity } from "../site.ts";
import type { KeyPair, Tls } from "../spec.ts";
import type { Scene } from "../world.ts";
import { assertFits, type Certificate, pair } from "./certificate.ts";
import { hostOf, install, ROLES, type Role, readInstalled } from "./tls.ts";

/** The roles whose given files hold another certificate than visitors get. Throws where one of them can't be used. */
export async function readNewlyGiven({ site, spec, world }: Scene): Promise<Role[]> {
  const { tls } = spec;
  if (!tls) return [];
  const readers = await world.parts.router.tls();
  if (!readers) {
    const text = `${spec.domain} is served by plain HTTP: this machine isn't set up for TLS (greenroom setup --router nginx --listen-tls ADDRESS)`;
    world.emit({ event: "warning", text });
    return [];
  }
  if (tls.previews === "acme" && !readers.wildcards) throw noWildcards(spec.domain);
  return ROLES.filter((role) => {
    const given = readGiven(spec, role, world.now());
    return given !== null && given.fingerprint !== readInstalled(site, role)?.fingerprint;
  });
}

/** Copies them to where only the router reads: they may change any time, and one file before the other. */
export async function takeUpGiven({ site, world }: Scene, role: Role, identity: Identity): Promise<void> {
  const readers = await world.parts.router.tls();
  const given = readers && readGiven(identity, role, world.now());
  if (given) install(site, role, given, readers.group);
}

/** The roles for which there are files. */
export function rolesGiven({ tls }: Pick<Identity, "tls">): Role[] {
  return ROLES.filter((role) => tls && filesOf(tls, role));
}

/** Null where no files are given for the role. Throws where those that are can't be used. */
export function readGiven({ environment, domain, tls }: Owner, role: Role, now: Date): Certificate | null {
  const files = tls ? filesOf(tls, role) : null;
  if (!files) return null;
  try {
    const certificate = pair(read(files.certificate), read(files.key), files.certificate);
    assertFits(certificate, hostOf(role, domain), files.certificate, now);
    return certificate;
  } catch (cause) {
    if (!(cause instanceof GreenroomError)) throw cause;
    throw new GreenroomError(cause.code, cause.message, {
      hint: `mend environments.${environment}.tls in greenroom.json, or the files it names on the machine that serves, then give the command again`,
      cause,
    });
  }
}

/** Whose domain it is: what is to be, or what is. */
export type Owner = Pick<Identity, "environment" | "domain" | "tls">;

export function filesOf(tls: Tls, role: Role): KeyPair | null {
  const given = tls[role];
  return given === "acme" ? null : given;
}

function noWildcards(domain: string): GreenroomError {
  const message = `a certificate for *.${domain} is ordered by DNS-01, and this machine isn't told how DNS records are set`;
  return new GreenroomError("CERTIFICATE_UNUSABLE", message, {
    hint: "greenroom setup --acme-dns PROGRAM (docs/tls.md), or name files in tls.previews, or leave it out",
  });
}

/** Of a whole chain, many times over. */
const LARGEST = 1024 * 1024;

/** What is in its place may be a pipe by now: nobody waits for who writes into that. */
function read(path: string): string {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile() || stat.size > LARGEST) throw unreadable(path, "it is no file of a usual size");
      return readFileSync(fd, "utf8");
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    if (!errnoOf(cause)) throw cause;
    throw unreadable(path, errnoOf(cause)!, cause);
  }
}

function unreadable(path: string, why: string, cause?: unknown): GreenroomError {
  return new GreenroomError("CERTIFICATE_UNUSABLE", `${path} can't be read (${why})`, { cause });
}
