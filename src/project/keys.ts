import { relative, resolve } from "node:path";
import type { KeyPair, Tls } from "../environment/spec.ts";
import type { ProjectFile } from "./schema.ts";

/** Its files by absolute paths. */
export function resolveTls(dir: string, tls: Tls | null): Tls | null {
  if (!tls) return null;
  const absolute = (given: "acme" | KeyPair) =>
    given === "acme" ? given : { certificate: resolve(dir, given.certificate), key: resolve(dir, given.key) };
  return { own: absolute(tls.own), previews: tls.previews && absolute(tls.previews) };
}

/** Keys and certificates of all environments that lie in a folder, by their paths in there. */
export function keyFilesIn(
  folder: string,
  { dir, file }: { dir: string; file: Pick<ProjectFile, "environments"> },
): Set<string> {
  const files = Object.values(file.environments).flatMap(({ tls }) => keyFilesOf(tls));
  return new Set(files.map((path) => relative(folder, resolve(dir, path))));
}

/** Certificates and keys, by their paths as they are written. */
export function keyFilesOf(tls: Tls | null): string[] {
  const pairs = tls ? [tls.own, tls.previews] : [];
  return pairs.flatMap((pair) => (pair && pair !== "acme" ? [pair.certificate, pair.key] : []));
}
