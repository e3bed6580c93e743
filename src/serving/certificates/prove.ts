import type { Authorization, Client, Order } from "acme-client";
import { patiently } from "./patience.ts";

/** A way to show that a domain is ours. */
export interface Proof {
  challenge: "http-01" | "dns-01";
  /** Throws where nothing of it can be done here; then the authority needn't be asked. */
  assertPossible(): void;
  /** Puts what only we can put there where the authority looks for it. Answers how that is taken away again. */
  show(domain: string, challenge: { token: string; answer: string }): Promise<() => Promise<void>>;
}

interface Claim {
  domain: string;
  proof: Proof;
  signal: AbortSignal;
}

/** Shows that the domain is ours. */
export async function prove(client: Client, order: Order, claim: Claim): Promise<void> {
  for (const authorization of await client.getAuthorizations(order)) {
    if (authorization.status !== "valid") await answerChallenge(client, order, authorization, claim);
  }
}

async function answerChallenge(
  client: Client,
  order: Order,
  { challenges, url }: Authorization,
  { domain, proof, signal }: Claim,
): Promise<void> {
  const challenge = challenges.find(({ type }) => type === proof.challenge);
  if (!challenge) throw new Error(`it offers no ${proof.challenge} for ${domain}`);
  const answer = await client.getChallengeKeyAuthorization(challenge);
  const withdraw = await proof.show(domain, { token: challenge.token, answer });
  try {
    await client.completeChallenge(challenge);
    const seen = await patiently(signal, async () => {
      const now = (await client.getAuthorizations(order)).find((one) => one.url === url);
      return now?.status === "pending" ? null : now;
    });
    if (seen?.status !== "valid") throw new Error(whyNot(seen, domain));
  } finally {
    await withdraw();
  }
}

function whyNot(seen: Authorization | undefined, domain: string): string {
  const words = seen?.challenges
    .map(({ error }) => (error as { detail?: string } | undefined)?.detail)
    .find(Boolean);
  return words ?? `it doesn't believe that ${domain} is ours`;
}
