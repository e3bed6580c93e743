import { errnoOf, GreenroomError } from "../../errors.ts";
import { readAttempts } from "../attempts.ts";
import type { Site } from "../site.ts";
import type { Certificate } from "./certificate.ts";
import { type Owner, readGiven } from "./given-certificates.ts";
import { hostOf, ROLES, type Role, readInstalled } from "./tls.ts";

/** How it stands with a certificate that an environment asks for. */
export interface CertificateState {
  role: Role;
  host: string;
  /** Of the one that visitors get; null where there is none. */
  until: string | null;
  daysLeft: number | null;
  /** Somebody should see to it soon: three quarters of its life are over. */
  late: boolean;
  /** Why there is none, or no newer one. */
  problem: string | null;
}

export function readCertificateStates(site: Site, identity: Owner, now: Date): CertificateState[] {
  const { domain, tls } = identity;
  const roles = ROLES.filter((role) => tls?.[role]);
  return roles.map((role) => {
    const host = hostOf(role, domain);
    const found = readInstalled(site, role);
    const installed = found?.covers(host) ? found : null;
    return {
      role,
      host: role === "own" ? domain : `*.${domain}`,
      until: installed?.until.toISOString() ?? null,
      daysLeft: installed && Math.floor((installed.until.getTime() - now.getTime()) / DAY),
      late: installed !== null && isLate(installed, now),
      problem: problemOf(site, identity, role, now) ?? (installed ? null : "there is none yet"),
    };
  });
}

/** What of it matters, in words. */
export function describeCertificate({ until, daysLeft, problem }: CertificateState): string {
  const good =
    until === null
      ? "plain HTTP"
      : daysLeft! < 0
        ? `expired on ${until}`
        : `good for ${daysLeft} more days, until ${until}`;
  return problem ? `${good}; ${problem}` : good;
}

const DAY = 86_400_000;

function isLate({ from, until }: Certificate, now: Date): boolean {
  return (until.getTime() - now.getTime()) * 4 < until.getTime() - from.getTime();
}

function problemOf(site: Site, owner: Owner, role: Role, now: Date): string | null {
  const { domain, tls } = owner;
  if (tls![role] === "acme") {
    const attempts = readAttempts(site, role);
    const failure = attempts?.domain === domain ? attempts.failure : null;
    return failure && `${failure.reason}; the next try is at ${failure.next}`;
  }
  try {
    readGiven(owner, role, now);
    return null;
  } catch (error) {
    if (!(error instanceof GreenroomError) && !errnoOf(error)) throw error;
    return (error as Error).message;
  }
}
