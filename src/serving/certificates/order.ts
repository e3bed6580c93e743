import type Acme from "acme-client";
import { GreenroomError } from "../../errors.ts";
import type { Machine } from "../machine.ts";
import { accountKey } from "./account.ts";
import { patiently } from "./patience.ts";
import { type Proof, prove } from "./prove.ts";
import { watch } from "./wire.ts";

export interface Order {
  root: string;
  domain: string;
  /** What is to be certified: the domain, or `*.` and the domain. */
  name: string;
  proof: Proof;
  /** The private key of what is certified. */
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
    wanted.proof.assertPossible();
    return { chain: await getCertificate(acme, wanted) };
  } catch (error) {
    return { refused: wordsOf(error, limits.unreachable, directory), notBefore: limits.notBefore };
  } finally {
    limits.forget();
  }
}

// The client's own way to do all of this can't be ended halfway, when `greenroom up` ends.
async function getCertificate(
  acme: typeof Acme,
  { root, domain, name, proof, key, signal, ...order }: Order,
): Promise<string> {
  const { directory, email } = order.acme;
  const client = new acme.Client({ directoryUrl: directory, accountKey: accountKey(root, directory) });
  await client.createAccount({
    termsOfServiceAgreed: true,
    // Never left out: the client sends it again for an account that is there, and pebble takes no update of nothing.
    contact: email === null ? [] : [`mailto:${email}`],
  });
  const placed = await client.createOrder({ identifiers: [{ type: "dns", value: name }] });
  await prove(client, placed, { domain, proof, signal });
  const [, csr] = await acme.crypto.createCsr({ altNames: [name] }, key);
  await client.finalizeOrder(placed, csr);
  const done = await patiently(signal, async () => {
    const now = await client.getOrder(placed);
    return now.status === "processing" ? null : now;
  });
  if (done.status !== "valid") throw new Error(`the order for ${name} became ${done.status}`);
  return client.getCertificate(done);
}

/** What is ours to mend isn't said to be the authority's. */
function wordsOf(error: unknown, unreachable: Error | null, directory: string): string {
  if (error instanceof GreenroomError) return error.message;
  return `${new URL(directory).host}: ${((unreachable ?? error) as Error).message}`;
}
