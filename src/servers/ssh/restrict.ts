import { spawnSync } from "node:child_process";
import { GreenroomError } from "../../errors.ts";
import type { Server } from "../server.ts";
import { writePinned } from "./host-keys.ts";
import { sshArgv } from "./options.ts";
import { quoteWords } from "./quote.ts";
import { explainSsh } from "./refusals.ts";
import { type Bundle, restrictedScript } from "./script.ts";

/** A public key as it is in its file: type, key, and perhaps a comment. */
export interface PublicKey {
  type: string;
  blob: string;
  comment: string;
}

export function parsePublicKey(text: string): PublicKey {
  const [line = "", ...more] = text.trim().split("\n");
  const [, type, blob, comment = ""] =
    /^([a-z0-9@.-]+) ([A-Za-z0-9+/]+=*)(?: ([^\p{Cc}]*))?$/u.exec(line) ?? [];
  if (type && blob && more.length === 0) return { type, blob, comment };
  throw new GreenroomError("USAGE", "that file holds no public key of OpenSSH's", {
    hint: "name the .pub file of a key: greenroom server restrict web1 --key ~/.ssh/deploy.pub",
  });
}

/** A line of authorized_keys with which the key can call operations in the root, and nothing else. */
export function restrictedLine(root: string, bundle: Bundle, { type, blob, comment }: PublicKey): string {
  const command = restrictedScript(root, bundle);
  return `restrict,command="${command.replaceAll(/["\\]/g, "\\$&")}" ${type} ${blob} ${comment}`.trimEnd();
}

/** Puts the line in the place of those that the key has so far, in the authorized_keys of who logs in. */
export function authorize(server: Server, { blob }: PublicKey, line: string): void {
  const pinned = writePinned(server);
  try {
    const [command, ...args] = sshArgv(server, pinned.file);
    const words = quoteWords(["sh", "-c", REPLACE, "greenroom", blob, line]);
    const { status, stderr } = spawnSync(command!, [...args, words], { encoding: "utf8" });
    if (status === 0) return;
    throw status === 255
      ? explainSsh(server, stderr)
      : new GreenroomError("SERVER_REFUSED", `${server.name}: ~/.ssh/authorized_keys can't be changed`, {
          detail: stderr.trim().split("\n"),
        });
  } finally {
    pinned.forget();
  }
}

const REPLACE = `
set -e
umask 077
mkdir -p ~/.ssh
file=$(readlink -f ~/.ssh/authorized_keys)
new=$file.greenroom.$$
trap 'rm -f "$new"' EXIT
if [ -e "$file" ]; then cp -p "$file" "$new"; grep -vF -- "$1" "$file" >"$new" || true; fi
printf '%s\\n' "$2" >>"$new"
sync "$new" 2>/dev/null || sync
mv "$new" "$file"
`;
