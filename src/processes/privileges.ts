import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Account, readAccount } from "./account.ts";

/** How a shell line is started so that it may do no more than it must. */
export interface Demotion {
  /** What stands before `/bin/sh -c LINE`. */
  wrapper: string[];
  /** What spawn() sets itself, where there is no wrapper. */
  identity: { uid?: number; gid?: number };
  home: string | undefined;
}

/**
 * Where we are root: another account, or still uid 0 but without capabilities, so that file modes hold for it too.
 * Where we are somebody else there is nothing to give up, and no way to become another.
 */
export function planDemotion(user: string | null): Demotion {
  if (process.getuid?.() !== 0) return { wrapper: [], identity: {}, home: process.env.HOME };
  const account = user === null ? null : readAccount(user);
  const setpriv = findSetpriv();
  return {
    wrapper: setpriv ? [setpriv, ...flags(account), "--"] : [],
    identity: account && !setpriv ? { uid: account.uid, gid: account.gid } : {},
    home: account ? account.home : process.env.HOME,
  };
}

const NOTHING = ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"];

function flags(account: Account | null): string[] {
  if (!account) return NOTHING;
  return ["--reuid", String(account.uid), "--regid", String(account.gid), "--init-groups", ...NOTHING];
}

let found: string | null | undefined;

// By its full path: the PATH that a project sets must not decide what runs as root. Tried once, because BusyBox has
// a setpriv without these flags, and containers may forbid it.
function findSetpriv(): string | null {
  found ??=
    ["/usr/bin/setpriv", "/bin/setpriv"]
      .filter((path) => existsSync(path))
      .find((path) => spawnSync(path, [...NOTHING, "--", "/bin/sh", "-c", ":"]).status === 0) ?? null;
  return found;
}
