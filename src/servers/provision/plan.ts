import { GreenroomError } from "../../errors.ts";
import type { Facts } from "./facts.ts";
import type { Daemon, Needs } from "./needs.ts";
import { fitsNode, PINNED } from "./node.ts";
import { doorsOf, setupArgv } from "./setup-argv.ts";
import type { Step } from "./steps.ts";
import { upFile } from "./up-service.ts";

/** All that is to be done, in this order; nothing, if the server has what it needs. */
export function planProvision(facts: Facts, needs: Needs, isUpdated: boolean): Step[] {
  return [
    ...(facts.unfinished ? [{ do: "mend" } as const] : []),
    ...planPackages(facts, needs, isUpdated),
    ...planAccounts(facts, needs),
    ...(facts.folder ? [] : [{ do: "folder", path: needs.root } as const]),
    ...planNode(facts, needs),
    ...needs.files
      .filter(({ path, sha256 }) => facts.files[path] !== sha256)
      .map((file) => ({ do: "send", file }) as const),
    ...planDaemons(facts, needs),
    ...(facts.isSetUp ? [] : [{ do: "setup", argv: setupArgv(needs, facts), isUp: facts.isUp } as const]),
    ...planUp(facts, needs),
    ...(needs.firewall ? planFirewall(facts, needs) : []),
    ...needs.lines
      .filter(({ mark }) => !(mark in facts.files))
      .map((line) => ({ do: "run", ...line }) as const),
  ];
}

function planPackages(facts: Facts, needs: Needs, isUpdated: boolean): Step[] {
  const wanted = [
    ...needs.packages,
    // What restarts `greenroom up` where there is no systemd.
    ...(facts.systemd ? [] : ["supervisor"]),
    ...(needs.firewall ? ["ufw"] : []),
  ];
  const missing = [...new Set(wanted)].filter((name) => !facts.installed.includes(name));
  const packages = nodeFrom(facts) === "apt" ? [...missing, "nodejs"] : missing;
  if (packages.length === 0 && nodeFrom(facts) === null) return [];
  const along = facts.along.filter((name) => !packages.includes(name));
  return [
    // It may offer more than it knows of yet.
    ...(isUpdated ? [] : [{ do: "lists" } as const]),
    ...(packages.length > 0 ? [{ do: "install", packages, along } as const] : []),
  ];
}

/** Where Node.js is to come from; null: one that is new enough is there. */
function nodeFrom({ node, nodePackage: { installed, candidate } }: Facts): "apt" | "npm" | null {
  if (node && fitsNode(node.version)) return null;
  return fitsNode(candidate) && installed !== candidate ? "apt" : "npm";
}

function planNode(facts: Facts, needs: Needs): Step[] {
  if (nodeFrom(facts) !== "npm") return [];
  const { architecture } = facts;
  return [{ do: "node", path: ownNode(needs), architecture, version: PINNED.version }];
}

function ownNode({ root }: Needs): string {
  return `${root}/bin/node`;
}

function planAccounts({ webUser, isAccountReady }: Facts, { account, as }: Needs): Step[] {
  return [
    ...(webUser ? [] : [{ do: "web-user" } as const]),
    ...(account === null || as === null || isAccountReady
      ? []
      : [{ do: "account", name: account, like: as } as const]),
  ];
}

/** Packages start theirs as they are installed: here are those that rest although they are there. */
function planDaemons(facts: Facts, { daemons }: Needs): Step[] {
  const wanted: Daemon[] = facts.systemd ? daemons : [...daemons, "supervisor"];
  const isWanted = (name: string) =>
    wanted.some((daemon) => name === daemon || name.endsWith(`-${daemonOf(daemon)}`));
  return Object.entries(facts.daemons)
    .filter(([name, runs]) => !runs && isWanted(name))
    .map(([daemon]) => ({ do: "start", daemon }));
}

/** `php8.2-fpm` ends with what we call `php-fpm`, less what comes before its version. */
function daemonOf(daemon: Daemon): string {
  return daemon.replace(/^php-/, "");
}

function planUp(facts: Facts, needs: Needs): Step[] {
  const path = nodeFrom(facts) === "apt" ? "/usr/bin/node" : ownNode(needs);
  const node = nodeFrom(facts) === null ? facts.node!.path : path;
  const file = upFile(needs, node, facts.systemd);
  const isThere = facts.files[file.path] === file.sha256;
  return isThere && facts.isUp && facts.startsUp ? [] : [{ do: "up", file }];
}

function planFirewall(facts: Facts, needs: Needs): Step[] {
  const { listen, listenTls } = doorsOf(needs, facts);
  const ports = [sshPort(needs), ...[...listen, ...listenTls].filter(isOpen).map(portOf)];
  const rules = facts.firewall?.rules ?? [];
  return [
    ...[...new Set(ports)]
      .filter((port) => !rules.includes(`allow ${port}/tcp`))
      .map((port) => ({ do: "allow", port }) as const),
    ...(facts.firewall?.on ? [] : [{ do: "firewall" } as const]),
  ];
}

/** Whoever turned a firewall on without it would be kept out. */
function sshPort({ sshPort: port }: Needs): number {
  if (port !== null) return port;
  throw new GreenroomError("SERVER_UNFIT", "the server can't tell by which port ssh comes in", {
    hint: "leave --firewall out, and set one up by hand",
  });
}

function isOpen(address: string): boolean {
  return !/^(?:127\.|\[::1\]|localhost)/.test(address);
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}
