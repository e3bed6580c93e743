import type Acme from "acme-client";
import type { Machine } from "../machine.ts";
import { accountKey } from "./account.ts";
import { patiently } from "./patience.ts";
import { prove } from "./prove.ts";
import { watch } from "./wire.ts";

export interface Order {
  root: string;
  domain: string;
  /** The domain's private key. */
  key: string;
  acme: Machine["acme"];
  signal: AbortSignal;
}

export type Ordered = { chain: string } | { refused: string; notBefore: Date | null };

/** Has an authority certify that the domain is ours. */
export async function order(wanted: Order): Promise<Ordered> {
  const { default: acme } = await import("acme-client");
  const { directory } = wanted.acme;
  const limits = watch(acme.axios, wanted.signal);
  try {
    return { chain: await getCertificate(acme, wanted) };
  } catch (error) {
    return { refused: wordsOf(limits.unreachable ?? error, directory), notBefore: limits.notBefore };
  } finally {
    limits.forget();
  }
}

// The client's own way to do all of this can't be ended halfway, when `greenroom up` ends.
async function getCertificate(
  acme: typeof Acme,
  { root, domain, key, signal, ...order }: Order,
): Promise<string> {
  const { directory, email } = order.acme;
  const client = new acme.Client({ directoryUrl: directory, accountKey: accountKey(root, directory) });
  await client.createAccount({
    termsOfServiceAgreed: true,
    ...(email !== null && { contact: [`mailto:${email}`] }),
  });
  const placed = await client.createOrder({ identifiers: [{ type: "dns", value: domain }] });
  await prove(client, placed, { root, domain, signal });
  const [, csr] = await acme.crypto.createCsr({ altNames: [domain] }, key);
  await client.finalizeOrder(placed, csr);
  const done = await patiently(signal, async () => {
    const now = await client.getOrder(placed);
    return now.status === "processing" ? null : now;
  });
  if (done.status !== "valid") throw new Error(`the order for ${domain} became ${done.status}`);
  return client.getCertificate(done);
}

function wordsOf(error: unknown, directory: string): string {
  return `${new URL(directory).host}: ${(error as Error).message}`;
}
