import { lstatSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { orNull, readJsonIfWhole, readOwnPointer, TEMPORARY } from "../disk/durable.ts";
import { other, SIDES, type Side } from "./sides.ts";
import { at, type Identity, type Site } from "./site.ts";
import { readTraffic, type Traffic } from "./traffic.ts";
import { readVerdict, type Verdict } from "./verdict.ts";

/** An environment as the pointers and files on disk have it, at one moment. */
export interface EnvironmentState {
  site: Site;
  identity: Identity | null;
  /** The addresses that the sides' releases were staged for. */
  identities: Record<Side, Identity | null>;
  /** Null until something is live. */
  live: Side | null;
  rehearsal: Side;
  /** The release each side points at. */
  sides: Record<Side, string | null>;
  traffic: Traffic | null;
  /** Of the release that is on the rehearsal side now. */
  verdict: Verdict | null;
  /** Trees on disk, the one staged last first. */
  releases: string[];
  bad: string[];
  /** An old tree that may become the next one. */
  spare: string | null;
}

export function readState(site: Site): EnvironmentState {
  const traffic = readTraffic(site);
  const sides = { blue: readSide(site, "blue"), green: readSide(site, "green") };
  const rehearsal = traffic ? other(traffic.live) : "blue";
  const verdict = readVerdict(site, rehearsal);
  return {
    site,
    identity: readJsonIfWhole<Identity>(at.identity(site)),
    identities: { blue: readIdentity(site, sides.blue), green: readIdentity(site, sides.green) },
    live: traffic?.live ?? null,
    rehearsal,
    sides,
    traffic,
    verdict: verdict?.release === sides[rehearsal] ? verdict : null,
    releases: listReleases(site),
    bad: listNames(join(site.dir, "bad")),
    spare:
      listNames(at.releases(site))
        .find((name) => name.startsWith(SPARE))
        ?.slice(SPARE.length) ?? null,
  };
}

export const SPARE = ".spare-";

/** Storage alone is what remains of an environment that was removed. */
export function exists(site: Site): boolean {
  return lstatSync(at.releases(site), { throwIfNoEntry: false }) !== undefined;
}

export function liveRelease(state: EnvironmentState): string | null {
  return state.live && state.sides[state.live];
}

export function rehearsalRelease(state: EnvironmentState): string | null {
  return state.sides[state.rehearsal];
}

/** Releases that a side points at: never retired, never pruned. */
export function referenced(state: EnvironmentState): string[] {
  return SIDES.map((side) => state.sides[side]).filter((release) => release !== null);
}

/** All environments of a root, from its folders. */
export function listSites(root: string): { project: string; environment: string }[] {
  const sites = join(root, "sites");
  return listNames(sites)
    .filter(isVisible)
    .flatMap((project) =>
      listNames(join(sites, project))
        .filter(isVisible)
        .map((environment) => ({ project, environment })),
    );
}

export function isVisible(name: string): boolean {
  return !name.startsWith(".");
}

export function listNames(folder: string): string[] {
  return (orNull(() => readdirSync(folder), "ENOENT", "ENOTDIR") ?? []).filter(
    (name) => !name.startsWith(TEMPORARY),
  );
}

function readSide(site: Site, side: Side): string | null {
  const target = readOwnPointer(at.side(site, side));
  return target === null ? null : basename(target);
}

function readIdentity(site: Site, release: string | null): Identity | null {
  const staged = release === null ? null : readJsonIfWhole<Identity>(at.staged(site, release));
  if (!staged?.domain) return null;
  const { project, environment, domain, subdomains, previews } = staged;
  return { project, environment, domain, subdomains, previews };
}

function listReleases(site: Site): string[] {
  return listNames(at.releases(site))
    .filter(isVisible)
    .map((version) => ({
      version,
      staged: lstatSync(at.staged(site, version), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    }))
    .sort((a, b) => b.staged - a.staged)
    .map(({ version }) => version);
}
