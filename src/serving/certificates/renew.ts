import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { ensureDirectory, readJsonIfWhole } from "../../disk/durable.ts";
import {
  type Attempts,
  type Failure,
  planNext,
  readAttempts,
  writeAttempts,
} from "../../environment/attempts.ts";
import type { Router } from "../../environment/parts.ts";
import { at, type Identity, type Site } from "../../environment/site.ts";
import { assertFits, type Certificate, pair } from "../../environment/tls/certificate.ts";
import { hostOf, install, type Role, readInstalled } from "../../environment/tls/tls.ts";
import { GreenroomError } from "../../errors.ts";
import type { Keeping } from "../keeping.ts";
import type { Machine } from "../machine.ts";
import { byFile } from "./by-file.ts";
import { byRecord } from "./by-record.ts";
import { type Ordered, order } from "./order.ts";

/** A certificate that an environment wants to be ordered. */
export interface Wanted {
  site: Site;
  domain: string;
  role: Role;
}

/** Whether the authority is to be asked now. */
export function isDue(wanted: Wanted, acme: Machine["acme"], now: Date): boolean {
  const { issued, failure } = knownOf(wanted, acme);
  if (failure && new Date(failure.next) > now) return false;
  const installed = readInstalled(wanted.site, wanted.role);
  return !installed || installed.fingerprint !== issued || isOld(installed, now);
}

/** A third of its life is left, so that there is time for whatever may go wrong. */
function isOld({ from, until }: Certificate, now: Date): boolean {
  return (until.getTime() - now.getTime()) * 3 < until.getTime() - from.getTime();
}

/** Gets a certificate and has visitors get it. Answers, in words, why there is none; then all stays as it was. */
export async function renew(keeping: Keeping, wanted: Wanted, router: Router): Promise<string | null> {
  const { root, machine, emit, signal } = keeping;
  const { acme } = machine;
  const { site, domain, role } = wanted;
  const { issued, failure: last } = knownOf(wanted, acme);
  const record = (more: Pick<Attempts, "issued" | "failure">) =>
    writeAttempts(site, role, { directory: acme.directory, domain, dns: dnsOf(role, acme), ...more });
  ensureDirectory(at.tls(site));
  // Before it is asked: whoever is killed and started again, or can't keep what it gets, asks no more often than others.
  record({ issued, failure: planNext(last, "an order isn't done, or was cut short", null, new Date()) });
  const key = keyFor(wanted);
  const name = nameOf(wanted);
  const proof = role === "own" ? byFile(root) : byRecord(keeping);
  const ordered = await order({ root, domain, name, proof, key, acme, signal });
  const outcome = fitting(ordered, key, hostOf(role, domain));
  if (!isStillWanted(wanted)) return null;
  if ("refused" in outcome) {
    const failure = signal.aborted ? last : planNext(last, outcome.refused, outcome.notBefore, new Date());
    record({ issued, failure });
    return failure && describeFailure(wanted, failure);
  }
  const { certificate } = outcome;
  install(site, role, certificate, (await router.tls())?.group ?? null);
  record({ issued: certificate.fingerprint, failure: null });
  emit({ event: "step", text: `${name} has a certificate until ${certificate.until.toISOString()}` });
  return null;
}

/** What came of asking this authority for this domain. Who names another program for DNS wants to see what that does. */
function knownOf({ site, domain, role }: Wanted, acme: Machine["acme"]) {
  const known = readAttempts(site, role);
  if (known?.directory !== acme.directory || known.domain !== domain) return { issued: null, failure: null };
  const { issued, failure } = known;
  return { issued, failure: (known.dns ?? null) === dnsOf(role, acme) ? failure : null };
}

function dnsOf(role: Role, { dns }: Machine["acme"]): string | null {
  return role === "own" ? null : dns;
}

function nameOf({ domain, role }: Wanted): string {
  return role === "own" ? domain : `*.${domain}`;
}

// nginx reads certificate and key one after the other: while the key stays, no connection gets one half of each.
function keyFor({ site, role }: Wanted): string {
  const { pem } = readInstalled(site, role) ?? {};
  const key = pem ? createPrivateKey(pem) : generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  return String(key.export({ type: "pkcs8", format: "pem" }));
}

type Outcome = { certificate: Certificate } | Extract<Ordered, { refused: string }>;

/** What an authority gives is looked at like what people give. */
function fitting(ordered: Ordered, key: string, host: string): Outcome {
  if ("refused" in ordered) return ordered;
  try {
    const certificate = pair(ordered.chain, key, "that the authority gave");
    assertFits(certificate, host, "that the authority gave", new Date());
    return { certificate };
  } catch (error) {
    if (error instanceof GreenroomError) return { refused: error.message, notBefore: null };
    throw error;
  }
}

/** An order takes a while, and the environment may be gone by then. */
function isStillWanted({ site, domain, role }: Wanted): boolean {
  const identity = readJsonIfWhole<Identity>(at.identity(site));
  return identity?.domain === domain && identity.tls?.[role] === "acme";
}

function describeFailure(wanted: Wanted, { reason, next }: Failure): string {
  const { site, domain, role } = wanted;
  const installed = readInstalled(site, role);
  const stays = installed?.covers(hostOf(role, domain))
    ? `The one it has is good until ${installed.until.toISOString()}`
    : "It is served by plain HTTP";
  return `no certificate for ${nameOf(wanted)}: ${reason}. ${stays}, the next try is at ${next}`;
}
