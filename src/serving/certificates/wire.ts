import type { IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import type Acme from "acme-client";

const TIMEOUT = 30_000;

/** Remembers why the authority can't be reached, and when it wants to be asked again. */
export function watch(axios: typeof Acme.axios, signal: AbortSignal) {
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
