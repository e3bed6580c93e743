import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { ensureDirectory, readJsonIfWhole } from "../../disk/durable.ts";
import {
  type Attempts,
  type Failure,
  planNext,
  readAttempts,
  writeAttempts,
} from "../../environment/attempts.ts";
import { assertFits, type Certificate, pair } from "../../environment/certificate.ts";
import type { Router } from "../../environment/parts.ts";
import { at, type Identity, type Site } from "../../environment/site.ts";
import { install, readInstalled } from "../../environment/tls.ts";
import { GreenroomError } from "../../errors.ts";
import type { Machine } from "../machine.ts";
import type { Keeping } from "./keeper.ts";
import { type Ordered, order } from "./order.ts";

/** Whether the authority is to be asked now. */
export function isDue(site: Site, domain: string, acme: Machine["acme"], now: Date): boolean {
  const { issued, failure } = knownOf(site, domain, acme);
  if (failure && new Date(failure.next) > now) return false;
  const installed = readInstalled(site, "own");
  return !installed || installed.fingerprint !== issued || isOld(installed, now);
}

/** A third of its life is left, so that there is time for whatever may go wrong. */
function isOld({ from, until }: Certificate, now: Date): boolean {
  return (until.getTime() - now.getTime()) * 3 < until.getTime() - from.getTime();
}

/** Gets a certificate and has visitors get it. Answers, in words, why there is none; then all stays as it was. */
export async function renew(
  { root, machine: { acme }, emit, signal }: Keeping,
  site: Site,
  domain: string,
  router: Router,
): Promise<string | null> {
  const { issued, failure: last } = knownOf(site, domain, acme);
  const record = (more: Pick<Attempts, "issued" | "failure">) =>
    writeAttempts(site, { directory: acme.directory, domain, ...more });
  ensureDirectory(at.tls(site));
  // Before it is asked: whoever is killed and started again, or can't keep what it gets, asks no more often than others.
  record({ issued, failure: planNext(last, "an order isn't done, or was cut short", null, new Date()) });
  const key = keyFor(site);
  const ordered = fitting(await order({ root, domain, key, acme, signal }), key, domain);
  if (!isStillWanted(site, domain)) return null;
  if ("refused" in ordered) {
    const failure = signal.aborted ? last : planNext(last, ordered.refused, ordered.notBefore, new Date());
    record({ issued, failure });
    return failure && describeFailure(site, domain, failure);
  }
  const { certificate } = ordered;
  install(site, "own", certificate, (await router.tls())?.group ?? null);
  record({ issued: certificate.fingerprint, failure: null });
  emit({ event: "step", text: `${domain} has a certificate until ${certificate.until.toISOString()}` });
  return null;
}

/** What came of asking this authority for this domain. */
function knownOf(site: Site, domain: string, { directory }: Machine["acme"]) {
  const attempts = readAttempts(site);
  const known = attempts?.directory === directory && attempts.domain === domain ? attempts : null;
  return known ?? { issued: null, failure: null };
}

// nginx reads certificate and key one after the other: while the key stays, no connection gets one half of each.
function keyFor(site: Site): string {
  const { pem } = readInstalled(site, "own") ?? {};
  const key = pem ? createPrivateKey(pem) : generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  return String(key.export({ type: "pkcs8", format: "pem" }));
}

type Outcome = { certificate: Certificate } | Extract<Ordered, { refused: string }>;

/** What an authority gives is looked at like what people give. */
function fitting(ordered: Ordered, key: string, domain: string): Outcome {
  if ("refused" in ordered) return ordered;
  try {
    const certificate = pair(ordered.chain, key, "that the authority gave");
    assertFits(certificate, domain, "that the authority gave", new Date());
    return { certificate };
  } catch (error) {
    if (error instanceof GreenroomError) return { refused: error.message, notBefore: null };
    throw error;
  }
}

/** An order takes a while, and the environment may be gone by then. */
function isStillWanted(site: Site, domain: string): boolean {
  const identity = readJsonIfWhole<Identity>(at.identity(site));
  return identity?.domain === domain && identity.tls?.own === "acme";
}

function describeFailure(site: Site, domain: string, { reason, next }: Failure): string {
  const installed = readInstalled(site, "own");
  const stays = installed?.covers(domain)
    ? `The one it has is good until ${installed.until.toISOString()}`
    : "It is served by plain HTTP";
  return `no certificate for ${domain}: ${reason}. ${stays}, the next try is at ${next}`;
}
