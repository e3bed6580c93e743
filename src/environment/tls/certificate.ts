import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { GreenroomError } from "../../errors.ts";

/** A certificate with its key, as one text. */
export interface Certificate {
  /** The key, then the chain. */
  pem: string;
  fingerprint: string;
  from: Date;
  until: Date;
  covers(host: string): boolean;
}

/** `name` stands for the pair where it can't be used. Throws where the two don't belong together. */
export function pair(chain: string, key: string, name: string): Certificate {
  const certificates = chain.match(BLOCK) ?? [];
  const leaf = parseLeaf(certificates[0], name);
  const secret = parseKey(key, name);
  if (!leaf.checkPrivateKey(secret)) {
    throw unusable(`the first certificate of ${name} doesn't belong to its key`);
  }
  return {
    pem: `${secret.export({ type: "pkcs8", format: "pem" })}${certificates.map((one) => `${one}\n`).join("")}`,
    fingerprint: leaf.fingerprint256,
    from: new Date(leaf.validFrom),
    until: new Date(leaf.validTo),
    covers: (host) => leaf.checkHost(host, { subject: "never" }) !== undefined,
  };
}

/** Throws unless visitors of `host` would get what their browsers accept, as far as the certificate's own words go. */
export function assertFits(certificate: Certificate, host: string, name: string, now: Date): void {
  const { from, until } = certificate;
  if (until <= now) throw unusable(`the certificate ${name} expired on ${until.toISOString()}`);
  if (from > now) throw unusable(`the certificate ${name} isn't valid before ${from.toISOString()}`);
  if (!certificate.covers(host)) throw unusable(`the certificate ${name} doesn't cover ${host}`);
}

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function parseLeaf(block: string | undefined, name: string): X509Certificate {
  if (block === undefined) throw unusable(`${name} holds no certificate in PEM`);
  try {
    return new X509Certificate(block);
  } catch (cause) {
    throw unusable(`${name} is damaged: its first certificate can't be read`, cause);
  }
}

function parseKey(key: string, name: string): KeyObject {
  try {
    return createPrivateKey(key);
  } catch {
    // What OpenSSL says of it isn't passed on: nothing of a key belongs on a screen.
    throw unusable(`the key of ${name} is no private key in PEM, or it needs a passphrase`);
  }
}

function unusable(message: string, cause?: unknown): GreenroomError {
  return new GreenroomError("CERTIFICATE_UNUSABLE", message, { cause });
}
