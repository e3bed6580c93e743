import { GreenroomError } from "../../errors.ts";
import type { Facts } from "./facts.ts";
import type { Daemon, Needs } from "./needs.ts";
import { planFirewall } from "./plan-firewall.ts";
import { planNode, planPackages, programOfNode } from "./plan-packages.ts";
import { setupArgv } from "./setup-argv.ts";
import type { Step } from "./steps.ts";
import { upFile } from "./up-service.ts";

/** All that is to be done, in this order; nothing, if the server has what it needs. */
export function planProvision(facts: Facts, needs: Needs, isUpdated: boolean): Step[] {
  return [
    ...(facts.unfinished ? [{ do: "mend" } as const] : []),
    ...planPackages(facts, needs, isUpdated),
    ...planAccounts(facts, needs),
    ...planFolder(facts, needs),
    ...planNode(facts, needs),
    ...planFiles(facts, needs),
    ...planDaemons(facts, needs),
    ...(facts.isSetUp ? [] : [{ do: "setup", argv: setupArgv(needs, facts), isUp: facts.isUp } as const]),
    ...planUp(facts, needs),
    ...(needs.firewall ? planFirewall(facts, needs) : []),
    ...planLines(facts, needs),
  ];
}

function planAccounts({ webUser, isAccountReady }: Facts, { account, as }: Needs): Step[] {
  const isReady = account === null || as === null || isAccountReady;
  return [
    ...(webUser ? [] : [{ do: "web-user" } as const]),
    ...(isReady ? [] : [{ do: "account", name: account, like: as } as const]),
  ];
}

function planFolder({ owner }: Facts, { root }: Needs): Step[] {
  if (owner === null) return [{ do: "folder", path: root }];
  if (owner === "root") return [];
  throw new GreenroomError("SERVER_UNFIT", `${root} belongs to ${owner} there, not to root`, {
    hint: 'name another folder in greenroom.json: "root"',
  });
}

function planFiles(facts: Facts, { files }: Needs): Step[] {
  const differing = files.filter(({ path, sha256 }) => facts.files[path] !== sha256);
  return differing.map((file) => ({ do: "send", file }));
}

const SERVICES: Record<Daemon, RegExp> = {
  nginx: /^nginx$/,
  supervisor: /^supervisor$/,
  "php-fpm": /^php[\d.]*-fpm$/,
};

/** Packages start theirs as they are installed: here are those that rest although they are there. */
function planDaemons(facts: Facts, { daemons }: Needs): Step[] {
  const wanted: Daemon[] = facts.systemd ? daemons : [...daemons, "supervisor"];
  const resting = Object.keys(facts.daemons).filter((name) => !facts.daemons[name]);
  return resting
    .filter((name) => wanted.some((daemon) => SERVICES[daemon].test(name)))
    .map((daemon) => ({ do: "start", daemon }));
}

function planUp(facts: Facts, needs: Needs): Step[] {
  const file = upFile(needs, programOfNode(facts, needs), facts.systemd);
  const isThere = facts.files[file.path] === file.sha256;
  return isThere && facts.isUp && facts.startsUp ? [] : [{ do: "up", file }];
}

function planLines(facts: Facts, { lines }: Needs): Step[] {
  return lines.filter(({ mark }) => !(mark in facts.files)).map((line) => ({ do: "run", ...line }));
}
