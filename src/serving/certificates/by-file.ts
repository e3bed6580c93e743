import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureDirectory } from "../../disk/durable.ts";
import { nginxAt } from "../nginx/places.ts";
import type { Proof } from "./prove.ts";

/** HTTP-01: the authority asks the domain for a file, which nginx answers. */
export function byFile(root: string): Proof {
  return {
    challenge: "http-01",
    assertPossible() {},
    async show(_, { token, answer }) {
      const place = placeOf(root, token);
      ensureDirectory(nginxAt.challenges(root));
      writeFileSync(place, answer);
      return async () => rmSync(place, { force: true });
    },
  };
}

function placeOf(root: string, token: string): string {
  // The authority chose it.
  if (/^[\w-]+$/.test(token)) return join(nginxAt.challenges(root), token);
  throw new Error("its challenge has a name that can't be that of a file");
}
