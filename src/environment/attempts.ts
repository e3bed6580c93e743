import { join } from "node:path";
import { readJsonIfWhole, writeJsonDurably } from "../disk/durable.ts";
import { at, type Site } from "./site.ts";
import type { Role } from "./tls/tls.ts";

/** `tls/acme.json`, `tls/acme-previews.json`: what came of asking an authority for a certificate. */
export interface Attempts {
  directory: string;
  domain: string;
  /** By which program DNS records were set; not there where none were. */
  dns?: string | null;
  /** The fingerprint of what it gave last. */
  issued: string | null;
  failure: Failure | null;
}

export interface Failure {
  reason: string;
  at: string;
  /** How many times in a row. */
  tries: number;
  /** When it is asked again: authorities shut out who asks too often. */
  next: string;
}

export function readAttempts(site: Site, role: Role): Attempts | null {
  return readJsonIfWhole<Attempts>(placeOf(site, role));
}

export function writeAttempts(site: Site, role: Role, attempts: Attempts): void {
  // What a program said when it failed is nobody else's business.
  writeJsonDurably(placeOf(site, role), attempts, 0o600);
}

const MINUTE = 60_000;
const WAITS = [1, 5, 30, 120, 360, 720].map((minutes) => minutes * MINUTE);

/** One more failure, and how long to wait after it; never less than the authority asks for. */
export function planNext(before: Failure | null, reason: string, notBefore: Date | null, now: Date): Failure {
  const tries = (before?.tries ?? 0) + 1;
  const wait = WAITS[Math.min(tries, WAITS.length) - 1]!;
  const next = Math.max(now.getTime() + wait, notBefore?.getTime() ?? 0);
  return { reason, at: now.toISOString(), tries, next: new Date(next).toISOString() };
}

function placeOf(site: Site, role: Role): string {
  return join(at.tls(site), role === "own" ? "acme.json" : `acme-${role}.json`);
}
