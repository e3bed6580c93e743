import { join } from "node:path";
import { quoteWords } from "./quote.ts";

/** The program that the other side is to run: the very bytes of this one. */
export interface Bundle {
  version: string;
  sha256: string;
  content: Buffer;
}

/** What it says on its way to the program, instead of the program's first message. */
export const ABSENT = "greenroom is absent";
export const NO_NODE = "greenroom finds no node";

export function programPath(root: string, { version, sha256 }: Bundle): string {
  return join(root, "bin", `greenroom-${version}-${sha256}.mjs`);
}

/**
 * A command line for any login shell that starts the program in a root; where it isn't there yet, its bytes are asked
 * for, and are run only if they are those that were meant.
 */
export function startScript(root: string, bundle: Bundle): string {
  const script = `
program=$2
dir=\${program%/*}
for node in node "$dir/node" /usr/local/bin/node /usr/bin/node; do command -v "$node" >/dev/null 2>&1 && break; node=; done
[ -n "$node" ] || { echo "${NO_NODE}"; exit 0; }
if [ ! -r "$program" ]; then
  umask 022
  mkdir -p "$dir" || exit 1
  echo "${ABSENT}"
  new=$program.$$
  trap 'rm -f "$new"' EXIT
  head -c ${bundle.content.length} >"$new" || exit 1
  [ "$(sha256sum <"$new" | cut -c1-64)" = "$3" ] || { echo "the program came damaged" >&2; exit 1; }
  mv "$new" "$program" || exit 1
  trap - EXIT
fi
exec "$node" "$program" host --root "$1"
`;
  return quoteWords(["sh", "-c", script, "greenroom", root, programPath(root, bundle), bundle.sha256]);
}
