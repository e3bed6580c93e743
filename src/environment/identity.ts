import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  ensureDirectory,
  movePointer,
  readOwnPointer,
  readPointer,
  syncDirectory,
  writeJsonDurably,
} from "../disk/durable.ts";
import { GreenroomError } from "../errors.ts";
import { at, type Identity, type Site } from "./site.ts";
import { type EnvironmentState, listNames } from "./state.ts";
import type { Step } from "./steps.ts";
import { rolesGiven } from "./tls/given-certificates.ts";
import type { Role } from "./tls/tls.ts";

export function identityOf(spec: Identity): Identity {
  const { project, environment, domain, subdomains, previews, tls } = spec;
  return { project, environment, domain, subdomains, previews, ...(tls && { tls }) };
}

/**
 * An address is visitors' business: it changes with what is live, there and back. How its domain is certified is no
 * release's: while the domain stays, so does that.
 */
export function moveSteps(state: EnvironmentState, identity: Identity | null): Step[] {
  if (!identity) return [];
  const before = state.identity;
  if (before?.domain === identity.domain) return identitySteps(state, { ...identity, tls: before.tls }, []);
  return identitySteps(state, identity, rolesGiven(identity));
}

/** Right before the environment answers for a domain, and no earlier, it has the certificates that were given for it. */
export function identitySteps(state: EnvironmentState, wanted: Identity, certificates: Role[]): Step[] {
  const identity = identityOf(wanted);
  const same = JSON.stringify(state.identity) === JSON.stringify(identity);
  const steps: Step[] = [
    ...certificates.map((of): Step => ({ do: "certificate", of, identity })),
    ...(same ? [] : [{ do: "identity", identity } as const]),
  ];
  return steps.length === 0 ? [] : [...steps, { do: "previews" }];
}

/** Makes the folders of an environment that are missing. */
export function ensureSite(site: Site): void {
  for (const dir of [site.dir, at.releases(site), at.run(site), at.storage(site), join(site.dir, "config")]) {
    ensureDirectory(dir);
  }
  mkdirSync(join(site.dir, "log"), { recursive: true, mode: 0o750 });
  ensureDirectory(at.hosts(site.root));
}

/** The names that people and other tools know the roles by; under the lock, as they are moved there. */
export function ensureRoles(site: Site): void {
  const [current, rehearsal] = [join(site.dir, "current"), join(site.dir, "rehearsal")];
  if (readOwnPointer(current) === null) movePointer(current, "traffic/live");
  // Until something is live there is no traffic to ask which side rehearses.
  if (readOwnPointer(rehearsal) === null) movePointer(rehearsal, "blue");
}

/** Answers for the environment's domain, and for no other that it had. */
export function writeIdentity(site: Site, identity: Identity): void {
  assertDomainFree(site, identity.domain);
  writeJsonDurably(at.identity(site), identity);
  const hosts = at.hosts(site.root);
  for (const host of listNames(hosts)) {
    if (host !== identity.domain && readPointer(join(hosts, host)) === hostTarget(site))
      rmSync(join(hosts, host));
  }
  if (readPointer(join(hosts, identity.domain)) !== hostTarget(site)) {
    movePointer(join(hosts, identity.domain), hostTarget(site));
  }
  syncDirectory(hosts);
}

export function assertDomainFree(site: Site, domain: string): void {
  const owner = readOwnPointer(join(at.hosts(site.root), domain));
  if (owner === null || owner === hostTarget(site)) return;
  // Its environment was taken away by hand, and this link forgotten.
  if (!existsSync(join(at.hosts(site.root), owner))) return;
  throw new GreenroomError("DOMAIN_TAKEN", `${domain} belongs to ${owner.replace("../sites/", "")}`, {
    hint: "give one of them another domain in greenroom.json and stage it",
  });
}

export function forgetHosts(site: Site): void {
  const hosts = at.hosts(site.root);
  for (const host of listNames(hosts)) {
    if (readPointer(join(hosts, host)) === hostTarget(site)) rmSync(join(hosts, host));
  }
  syncDirectory(hosts);
}

export function hostTarget(site: Site): string {
  return `../sites/${site.project}/${site.environment}`;
}
