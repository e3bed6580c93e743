import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, rmdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isAlive } from "../disk/alive.ts";
import { orNull, readJsonIfWhole, TEMPORARY } from "../disk/durable.ts";
import { isLocked } from "../disk/lock.ts";
import { explainObstacle } from "../disk/obstacle.ts";
import { errnoOf, GreenroomError, translateErrno } from "../errors.ts";
import { countOf } from "../events.ts";
import { readLastEntry } from "./journal.ts";
import { readRoom } from "./room.ts";
import { at, type Identity, type Site, siteName, siteOf } from "./site.ts";
import { listSites, readState } from "./state.ts";
import { describeCertificate, readCertificateStates } from "./tls/certificate-state.ts";
import type { Role } from "./tls/tls.ts";

export interface Finding {
  what: string;
  /** `note`: works, but somebody should know. */
  state: "good" | "note" | "broken";
  found: string;
  /** What a process wrote last. */
  lines?: string[];
  remedy: string | null;
}

const GIGABYTE = 1e9;
/** With less than this there is no room for a switch. */
const TWO_MEGABYTES = 2e6;
const NAMES = 1000;
/** So many need no mention. */
const MANY = 1e6;

/** Looks at everything that operations rely on; leaves all as it was. */
export function examine(root: string, readProject: () => { file: { project: string } }): Finding[] {
  const ground = checkRoot(root);
  return [
    checkNode(),
    checkProject(readProject),
    ground,
    checkOneFileSystem(root),
    // Of a place that takes no files it would say no more than that.
    ...(ground.state === "broken" ? [] : [checkSpace(root)]),
    checkTool("flock", "apt-get install util-linux", "broken"),
    checkTool("sync", "apt-get install coreutils", "broken"),
    checkTool("git", "apt-get install git", "note"),
    checkUp(root),
    ...checkSites(root),
  ];
}

function good(what: string, found: string): Finding {
  return { what, state: "good", found, remedy: null };
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return good("Node", process.versions.node);
  return {
    what: "Node",
    state: "broken",
    found: process.versions.node,
    remedy: "install Node 20.19 or newer",
  };
}

function checkProject(readProject: () => { file: { project: string } }): Finding {
  try {
    return good("greenroom.json", `project ${readProject().file.project}`);
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    const state = error.code === "CONFIG_MISSING" ? "note" : "broken";
    return { what: "greenroom.json", state, found: error.message, remedy: error.hint ?? null };
  }
}

function checkRoot(root: string): Finding {
  const nearest = firstExisting(root);
  try {
    accessSync(nearest, constants.R_OK | constants.W_OK | constants.X_OK);
    tryFolder(nearest);
    return good("root", nearest === root ? root : `${root} (not made yet)`);
  } catch (error) {
    const found =
      nearest === root ? `${root}: ${errnoOf(error)}` : `${root} can't be made: ${errnoOf(error)}`;
    return { what: "root", state: "broken", found, remedy: "name another with --root or GREENROOM_ROOT" };
  }
}

// In some places, like /proc, nobody may make anything, whatever their modes say. That a disk is full is told apart.
function tryFolder(dir: string): void {
  const made = orNull(() => mkdtempSync(join(dir, TEMPORARY)), "ENOSPC", "EDQUOT");
  if (made) rmdirSync(made);
}

function checkOneFileSystem(root: string): Finding {
  const places = [join(root, "store"), join(root, "sites"), join(root, "store", "objects")].filter((dir) =>
    existsSync(dir),
  );
  const devices = new Set(places.map((dir) => statSync(dir).dev));
  if (devices.size <= 1) return good("file system", "store and sites are on one");
  const remedy = "keep the whole root on one file system: hard links can't leave it";
  return { what: "file system", state: "broken", found: "store and sites are on different ones", remedy };
}

function checkSpace(root: string): Finding {
  const { bytes, names } = readRoom(firstExisting(root));
  const found = `${(bytes / GIGABYTE).toFixed(1)} GB${names < MANY ? ` and ${countOf(names, "name")}` : ""} free`;
  if (bytes > GIGABYTE && names > NAMES) return good("disk", found);
  const state = bytes > TWO_MEGABYTES && names > NAMES ? "note" : "broken";
  return { what: "disk", state, found, remedy: "greenroom prune" };
}

function checkTool(tool: string, remedy: string, state: "note" | "broken"): Finding {
  const { error } = spawnSync(tool, ["--version"], { stdio: "ignore" });
  return error ? { what: tool, state, found: "not installed", remedy } : good(tool, "installed");
}

function checkUp(root: string): Finding {
  if (existsSync(at.upLock(root)) && isLocked(at.upLock(root))) return good("greenroom up", "running");
  return { what: "greenroom up", state: "note", found: "not running", remedy: "greenroom up" };
}

function checkSites(root: string): Finding[] {
  const sites = listSites(root).map(({ project, environment }) => siteOf(root, project, environment));
  return sites.flatMap(checkSite);
}

function checkSite(site: Site): Finding[] {
  try {
    readState(site);
    return [...checkJournal(site), ...checkCertificates(site)];
  } catch (thrown) {
    const error = explainObstacle(thrown, site.root) ?? translateErrno(thrown);
    if (!(error instanceof GreenroomError)) throw error;
    const remedy = error.code === "PLACE_TAKEN" ? (error.hint ?? null) : "act as the account that owns it";
    return [{ what: siteName(site), state: "broken", found: error.message, remedy }];
  }
}

function checkJournal(site: Site): Finding[] {
  const last = readLastEntry(site);
  if (!last || last.end || isAtWork(site)) return [];
  const found = `${last.begin.operation} of ${last.begin.at} was cut short; the next command finishes or undoes it`;
  return [{ what: siteName(site), state: "note", found, remedy: `greenroom verify ${site.environment}` }];
}

function checkCertificates(site: Site): Finding[] {
  const identity = readJsonIfWhole<Identity>(at.identity(site));
  if (!identity) return [];
  return readCertificateStates(site, identity, new Date()).map((certificate): Finding => {
    const { role, daysLeft, late, problem } = certificate;
    const what = `${siteName(site)} certificate${role === "own" ? "" : " for previews"}`;
    const found = describeCertificate(certificate);
    if (daysLeft !== null && daysLeft < 0)
      return { what, state: "broken", found, remedy: remedyOf(identity, role) };
    if (problem || late) return { what, state: "note", found, remedy: remedyOf(identity, role) };
    return good(what, found);
  });
}

function remedyOf({ environment, tls }: Identity, role: Role): string {
  return tls?.[role] === "acme" ? "greenroom up" : `renew the files, then greenroom stage ${environment}`;
}

// Asking for the lock itself, even for a moment, could turn a command away that wants it just then.
function isAtWork(site: Site): boolean {
  return isAlive(readJsonIfWhole<{ pid?: number }>(at.lock(site))?.pid);
}

function firstExisting(path: string): string {
  return existsSync(path) ? path : firstExisting(dirname(path));
}
