import { isForever } from "../environment/assets.ts";
import type { FileServing } from "../environment/spec.ts";

const CACHE = "Cache-Control";
const DEFAULTS = { "X-Content-Type-Options": "nosniff", [CACHE]: "no-cache" };
export const FOREVER = "public, max-age=31536000, immutable";

/** What files are sent with: what the site wishes, and of the usual what it says nothing of. */
export function fileHeaders({ headers = {} }: FileServing): [name: string, value: string][] {
  const named = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const usual = Object.entries(DEFAULTS).filter(([name]) => !named.has(name.toLowerCase()));
  const wished = Object.entries(headers).filter((pair): pair is [string, string] => pair[1] !== null);
  return [...usual, ...wished];
}

/** What a file of a release proper is sent with: its name may say that it never changes. */
export function headersFor(path: string, serve: FileServing): [name: string, value: string][] {
  const headers = fileHeaders(serve);
  if (!isForever(path, serve.immutable)) return headers;
  return [...headers.filter(([name]) => name.toLowerCase() !== CACHE.toLowerCase()), [CACHE, FOREVER]];
}
