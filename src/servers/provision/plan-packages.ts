import type { Facts } from "./facts.ts";
import type { Needs } from "./needs.ts";
import { fitsNode, PINNED } from "./node.ts";
import type { Step } from "./steps.ts";

export function planPackages(facts: Facts, needs: Needs, isUpdated: boolean): Step[] {
  const source = sourceOfNode(facts);
  const missing = wantedPackages(facts, needs).filter((name) => !facts.installed.includes(name));
  const packages = source === "apt" ? [...missing, "nodejs"] : missing;
  if (packages.length === 0 && source === null) return [];
  const along = source === "apt" ? facts.alongWithNode : facts.along;
  const others = along.filter((name) => !packages.includes(name));
  return [
    // It may offer more than it knows of yet.
    ...(isUpdated ? [] : [{ do: "lists" } as const]),
    ...(packages.length > 0 ? [{ do: "install", packages, along: others } as const] : []),
  ];
}

function wantedPackages({ systemd }: Facts, { packages, firewall }: Needs): string[] {
  // What restarts `greenroom up` where there is no systemd.
  const supervisor = systemd ? [] : ["supervisor"];
  return [...new Set([...packages, ...supervisor, ...(firewall ? ["ufw"] : [])])];
}

/** The distribution's where that is new enough; null: there is one already. */
function sourceOfNode({ node, nodePackage: { installed, candidate } }: Facts): "apt" | "npm" | null {
  if (node && fitsNode(node.version)) return null;
  return fitsNode(candidate) && installed !== candidate ? "apt" : "npm";
}

export function planNode(facts: Facts, needs: Needs): Step[] {
  const { architecture, node, isNodeNamed } = facts;
  const path = ownNode(needs);
  const isToCome = sourceOfNode(facts) === "npm";
  const isOwn = isToCome || node?.path === path;
  return [
    ...(isToCome ? [{ do: "node", path, architecture, version: PINNED.version } as const] : []),
    ...(isOwn && !isNodeNamed ? [{ do: "link", path: "/usr/local/bin/node", to: path } as const] : []),
  ];
}

/** By which programs will run there once all is done. */
export function programOfNode(facts: Facts, needs: Needs): string {
  const source = sourceOfNode(facts);
  if (source === null) return facts.node!.path;
  return source === "apt" ? "/usr/bin/node" : ownNode(needs);
}

/** Beside Greenroom's own program: who has another one in mind by the name keeps it. */
function ownNode({ root }: Needs): string {
  return `${root}/bin/node`;
}
