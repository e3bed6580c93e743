import { onTestFinished } from "vitest";
import { type Hosts, openHosts } from "./open-hosts.ts";

export { type Hosts, hasSshd, makeKey, publicKey } from "./open-hosts.ts";

/** Servers of the test's own, which end with it. */
export async function startHosts(count: number, options: { trusted?: boolean } = {}): Promise<Hosts> {
  const { close, ...hosts } = await openHosts(count, options);
  onTestFinished(close);
  return hosts;
}
