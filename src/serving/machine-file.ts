import { join } from "node:path";
import { readJsonIfWhole } from "../disk/durable.ts";

/** Where `greenroom setup` writes what serves a root. */
export function machinePath(root: string): string {
  return join(root, "machine.json");
}

/** The port that addresses for visitors name; null where nothing listens for TLS. */
export function tlsPortOf({ listenTls: [first] }: { listenTls: string[] }): number | null {
  return first === undefined ? null : Number(first.slice(first.lastIndexOf(":") + 1));
}

/** The same for who only looks: what `setup` wrote needs no schema to be read. */
export function readTlsPort(root: string): number | null {
  const { listenTls } = readJsonIfWhole<{ listenTls?: string[] }>(machinePath(root)) ?? {};
  return tlsPortOf({ listenTls: listenTls ?? [] });
}
