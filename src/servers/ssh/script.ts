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
for node in "$dir/node" node /usr/local/bin/node /usr/bin/node; do command -v "$node" >/dev/null 2>&1 && break; node=; done
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
export ${COMPILED}="\${program%.mjs}.compiled"
exec "$node" "$program" host --root "$1"
`;
  const words = [root, programPath(root, bundle), bundle.sha256];
  return quoteWords(["sh", "-c", AS_OWNER, "greenroom", root, script, "greenroom", ...words]);
}

/**
 * Names the folder where Node keeps what it compiled the program to: a quarter of the work of a start there. It is
 * beside the program, for who may write there could replace the program itself. Node 20 passes over it.
 */
export const COMPILED = "NODE_COMPILE_CACHE";

/**
 * Runs the script that comes after a folder, with what comes after that; as root where the folder is root's, and who logs
 * in may become that by sudo. Others are told later what is closed to them.
 */
const AS_OWNER = `
owner=$(stat -c %u "$1" 2>/dev/null)
shift
if [ "$owner" = 0 ] && [ "$(id -u)" != 0 ] && sudo -n true 2>/dev/null; then exec sudo -n sh -c "$@"; fi
exec sh -c "$@"
`;

/** The same for a program that is there, in one line, for who is let do nothing else. */
export function restrictedScript(root: string, bundle: Bundle): string {
  const path = programPath(root, bundle);
  const [dir, node, program] = [root, join(root, "bin", "node"), path].map((word) => quoteWords([word]));
  const compiled = quoteWords([`${COMPILED}=${path.replace(/\.mjs$/, ".compiled")}`]);
  // sudo forgets by which key somebody came in.
  const sudo = `[ "$(stat -c %u ${dir})" = 0 ] && [ "$(id -u)" != 0 ] && as="sudo -n env SSH_ORIGINAL_COMMAND=host"`;
  return `as=; ${sudo}; node=${node}; [ -x "$node" ] || node=node; exec $as env ${compiled} "$node" ${program} host --restricted --root ${dir}`;
}
