import { rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import { join } from "node:path";
import type Acme from "acme-client";
import { ensureDirectory } from "../../disk/durable.ts";
import type { Machine } from "../machine.ts";
import { nginxAt } from "../nginx/places.ts";
import { accountKey } from "./account.ts";

export interface Order {
  root: string;
  domain: string;
  /** The domain's private key. */
  key: string;
  acme: Machine["acme"];
  signal: AbortSignal;
}

export type Ordered = { chain: string } | { refused: string; notBefore: Date | null };

/** Has an authority certify that the domain is ours: it asks nginx for a file that only we could have put there. */
export async function order({
  root,
  domain,
  key,
  acme: { directory, email },
  signal,
}: Order): Promise<Ordered> {
  const { default: acme } = await import("acme-client");
  const limits = watch(acme.axios, signal);
  try {
    const client = new acme.Client({
      directoryUrl: directory,
      accountKey: accountKey(root, directory),
      ...PATIENCE,
    });
    const [, csr] = await acme.crypto.createCsr({ altNames: [domain] }, key);
    const chain = await client.auto({
      csr,
      ...(email !== null && { email }),
      termsOfServiceAgreed: true,
      challengePriority: ["http-01"],
      // It would ask by way of this machine's view of the network, which may be another one.
      skipChallengeVerification: true,
      challengeCreateFn: async (_, { token }, answer) => putChallenge(root, token, answer),
      challengeRemoveFn: async (_, { token }) => rmSync(placeOf(root, token), { force: true }),
    });
    return { chain };
  } catch (error) {
    return { refused: wordsOf(limits.unreachable ?? error, directory), notBefore: limits.notBefore };
  } finally {
    limits.forget();
  }
}

/** How it waits for the authority to have looked. */
const PATIENCE = { backoffAttempts: 20, backoffMin: 250, backoffMax: 5000 };
const TIMEOUT = 30_000;

/** Remembers why the authority can't be reached, and when it wants to be asked again. */
function watch(axios: typeof Acme.axios, signal: AbortSignal) {
  const limits = { notBefore: null as Date | null, unreachable: null as Error | null, forget: () => {} };
  // By itself it would wait as long as it is told to, hours maybe, and nobody would know.
  Object.assign(axios.defaults, {
    timeout: TIMEOUT,
    acmeSettings: { retryMaxAttempts: 0, retryDefaultDelay: 5 },
  });
  // Where no answer comes, acme-client 5.4 hides the reason behind an error of its own.
  const transport = {
    request: (options: RequestOptions, then: (answer: IncomingMessage) => void) =>
      request(options, then).on("error", (error) => {
        limits.unreachable = error;
      }),
  };
  const out = axios.interceptors.request.use((config) => Object.assign(config, { signal, transport }));
  const back = axios.interceptors.response.use((response) => {
    const after = response.status === 429 || response.status === 503 ? response.headers["retry-after"] : null;
    if (after) limits.notBefore = dateOf(String(after));
    return response;
  });
  limits.forget = () => {
    axios.interceptors.request.eject(out);
    axios.interceptors.response.eject(back);
  };
  return limits;
}

function dateOf(retryAfter: string): Date | null {
  const time = /^\d+$/.test(retryAfter) ? Date.now() + Number(retryAfter) * 1000 : Date.parse(retryAfter);
  return Number.isNaN(time) ? null : new Date(time);
}

function putChallenge(root: string, token: string, answer: string): void {
  ensureDirectory(nginxAt.challenges(root));
  writeFileSync(placeOf(root, token), answer);
}

function placeOf(root: string, token: string): string {
  // The authority chose it.
  if (/^[\w-]+$/.test(token)) return join(nginxAt.challenges(root), token);
  throw new Error("the authority's challenge has a name that can't be that of a file");
}

function wordsOf(error: unknown, directory: string): string {
  return `${new URL(directory).host}: ${(error as Error).message}`;
}
