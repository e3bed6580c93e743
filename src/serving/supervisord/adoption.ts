import type { Side } from "../../environment/sides.ts";
import { at, type Site } from "../../environment/site.ts";
import { readAccount } from "../../processes/account.ts";
import { webAccount } from "../web-account.ts";
import { shellWord } from "./quote.ts";

/** Where another account's `web` is to open its socket. */
export interface Foreign {
  site: Site;
  side: Side;
  user: string;
  socket: string;
}

/**
 * Shell lines that give another account's socket its name in `run/`, once it is there: what `greenroom up` does
 * (endpoint.ts), for the time when none is there. What is linked is looked at where nobody else can change it any more.
 */
export function renderAdoption({ site, side, user, socket }: Foreign): string {
  const ours = shellWord(at.socket(site, side));
  const linked = shellWord(`${at.socket(site, side)}.new`);
  const group = webAccount(site.root)?.gid;
  // In a grandchild: the app isn't told of the end of a child that it never had.
  return `( (
  left=600
  while [ "$left" -gt 0 ]; do
    rm -f -- ${linked}
    if ln -- ${shellWord(socket)} ${linked} 2>/dev/null && [ ! -L ${linked} ] && [ -S ${linked} ] &&
      [ "$(stat -c %u -- ${linked})" = ${readAccount(user).uid} ]; then
      ${group === undefined ? "" : `chgrp ${group} -- ${linked} && `}chmod 660 -- ${linked} && mv -f -- ${linked} ${ours}
      break
    fi
    left=$((left - 1))
    sleep 0.1
  done
  rm -f -- ${linked}
) > /dev/null 2>&1 & )`;
}
