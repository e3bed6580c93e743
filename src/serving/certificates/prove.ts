import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Authorization, Client, Order } from "acme-client";
import { ensureDirectory } from "../../disk/durable.ts";
import { nginxAt } from "../nginx/places.ts";
import { patiently } from "./patience.ts";

interface Claim {
  root: string;
  domain: string;
  signal: AbortSignal;
}

/** Shows that the domain is ours: the authority asks it for files that only we could have put there. */
export async function prove(client: Client, order: Order, claim: Claim): Promise<void> {
  for (const authorization of await client.getAuthorizations(order)) {
    if (authorization.status !== "valid") await answerChallenge(client, order, authorization, claim);
  }
}

async function answerChallenge(
  client: Client,
  order: Order,
  { challenges, url }: Authorization,
  { root, domain, signal }: Claim,
): Promise<void> {
  const challenge = challenges.find(({ type }) => type === "http-01");
  if (!challenge) throw new Error(`it offers no challenge by HTTP for ${domain}`);
  const place = placeOf(root, challenge.token);
  ensureDirectory(nginxAt.challenges(root));
  writeFileSync(place, await client.getChallengeKeyAuthorization(challenge));
  try {
    await client.completeChallenge(challenge);
    const seen = await patiently(signal, async () => {
      const now = (await client.getAuthorizations(order)).find((one) => one.url === url);
      return now?.status === "pending" ? null : now;
    });
    if (seen?.status !== "valid") throw new Error(whyNot(seen, domain));
  } finally {
    rmSync(place, { force: true });
  }
}

function whyNot(seen: Authorization | undefined, domain: string): string {
  const words = seen?.challenges
    .map(({ error }) => (error as { detail?: string } | undefined)?.detail)
    .find(Boolean);
  return words ?? `it doesn't believe that ${domain} is ours`;
}

function placeOf(root: string, token: string): string {
  // The authority chose it.
  if (/^[\w-]+$/.test(token)) return join(nginxAt.challenges(root), token);
  throw new Error("its challenge has a name that can't be that of a file");
}
