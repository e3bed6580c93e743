import type { Finding } from "../../environment/doctor.ts";
import { usualAccount } from "../../processes/account.ts";
import { readMachine } from "../machine.ts";
import { findFpm, fpmOf } from "./places.ts";
import { readFpmPid } from "./program.ts";

/** What a PHP site would miss on this machine. */
export function examinePhp(root: string): Finding[] {
  return [checkRouter(root), checkFpm(root), ...checkAccount(root)];
}

function checkRouter(root: string): Finding {
  const what = "nginx for PHP";
  if (readMachine(root).router === "nginx") return { what, state: "good", found: "set up", remedy: null };
  const remedy = "greenroom setup --router nginx";
  return { what, state: "broken", found: "this root is served without it", remedy };
}

function checkFpm(root: string): Finding {
  const what = "PHP-FPM";
  const found = findFpm();
  if (!found) return { what, state: "broken", found: "not installed", remedy: "apt-get install php-fpm" };
  const { unprivileged } = readMachine(root);
  const fpm = fpmOf(root, unprivileged);
  // One of our own is started with its first pool.
  if (unprivileged || readFpmPid(fpm) !== null)
    return { what, state: "good", found: found.program, remedy: null };
  return { what, state: "broken", found: `${found.program} doesn't run`, remedy: fpm.start };
}

function checkAccount(root: string): Finding[] {
  if (process.getuid?.() !== 0 || usualAccount(root) !== null) return [];
  const found = `no account but root's can reach ${root}`;
  return [{ what: "account for PHP", state: "note", found, remedy: "name one in serve.user" }];
}
