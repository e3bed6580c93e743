import { createHash, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensureDirectory, orNull, writeFileDurably } from "../../disk/durable.ts";

/** What an authority knows us by: made once for each, and kept. */
export function accountKey(root: string, directory: string): string {
  const folder = join(root, "acme", "accounts");
  const path = join(folder, `${createHash("sha256").update(directory).digest("hex").slice(0, 16)}.pem`);
  const known = orNull(() => readFileSync(path, "utf8"), "ENOENT");
  if (known !== null) return known;
  // The mode would be that of the folder around it, too, and nginx must get to the challenges.
  ensureDirectory(dirname(folder));
  ensureDirectory(folder, 0o700);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileDurably(path, pem, 0o600);
  return pem;
}
