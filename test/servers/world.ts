import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Bundle } from "../../src/servers/ssh/script.ts";

/** The program as it was built. */
export function builtBundle(): Bundle {
  const content = readFileSync("dist/greenroom.mjs");
  return { version: "0.1.0", sha256: createHash("sha256").update(content).digest("hex"), content };
}
