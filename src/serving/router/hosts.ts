import { lstatSync } from "node:fs";
import { join } from "node:path";
import { at, type Identity, type Site, siteOf } from "../../environment/site.ts";
import { isName } from "../../names.ts";
import { readJsonFresh } from "./fresh-json.ts";
import { pointerNow } from "./glance.ts";

export type Target = { kind: "live" } | { kind: "preview"; name: string; link: string };

export interface Destination {
  site: Site;
  target: Target;
  /** The Host that an app of the site is told. */
  appHost: string;
}

/** What a Host header asks for, or null where nothing here has that name. */
export function resolveHost(root: string, header: string | undefined): Destination | null {
  const host = header === undefined ? null : readHost(header);
  if (!host) return null;
  const exact = siteAt(root, host.name);
  if (exact) return { site: exact, target: LIVE, appHost: host.sent };

  const below = findSuffix(root, host.name);
  if (!below) return null;
  const { site, prefix } = below;
  const { subdomains } = readJsonFresh<Identity>(at.identity(site)) ?? { subdomains: false };
  const whole = findPreview(site, prefix);
  if (!subdomains) return whole && { site, target: whole, appHost: host.sent };
  if (whole) return { site, target: whole, appHost: host.sent.slice(prefix.length + 1) };
  return headOfPrefix(site, prefix, host.sent) ?? { site, target: LIVE, appHost: host.sent };
}

const LIVE = { kind: "live" } as const;
const LABELS = 32;

function readHost(header: string): { sent: string; name: string } | null {
  const match = /^([a-z0-9.-]{1,253}?)\.?(?::\d{1,5})?$/i.exec(header);
  if (!match?.[1]) return null;
  const name = match[1].toLowerCase();
  if (name.includes("..") || name.startsWith(".")) return null;
  return { sent: header, name };
}

function siteAt(root: string, host: string): Site | null {
  const link = pointerNow(join(at.hosts(root), host));
  if (link === null) return null;
  const [up, sites, project, environment, ...more] = link.split("/");
  if (up !== ".." || sites !== "sites" || more.length > 0) return null;
  if (!project || !environment || !isName(project) || !isName(environment)) return null;
  return siteOf(root, project, environment);
}

function findSuffix(root: string, host: string): { site: Site; prefix: string } | null {
  let dot = host.indexOf(".");
  for (let label = 0; dot !== -1 && label < LABELS; label++, dot = host.indexOf(".", dot + 1)) {
    const suffix = host.slice(dot + 1);
    const site = isThere(join(at.hosts(root), suffix)) ? siteAt(root, suffix) : null;
    if (site) return { site, prefix: host.slice(0, dot) };
  }
  return null;
}

/** `<version>.foo`: versions contain dots, so the longest head that is a preview wins. */
function headOfPrefix(site: Site, prefix: string, sent: string): Destination | null {
  let dot = prefix.lastIndexOf(".");
  for (let label = 0; dot !== -1 && label < LABELS; label++, dot = prefix.lastIndexOf(".", dot - 1)) {
    const target = findPreview(site, prefix.slice(0, dot));
    if (target) return { site, target, appHost: sent.slice(dot + 1) };
    if (dot === 0) break;
  }
  return null;
}

function findPreview(site: Site, name: string): Target | null {
  const place = join(at.previews(site), name);
  const link = isThere(place) ? pointerNow(place) : null;
  return link === null ? null : { kind: "preview", name, link };
}

// A miss is the rule here, and a miss of readlink costs an exception.
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
