import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { configOf, filesOf, MANY, type Thing, VISITED } from "./project.ts";

/** What visitors get: the live release, and the release of each of the 100 buckets. */
export interface Picture {
  live: string | null;
  buckets: string;
  rehearsal: string | null;
  /** The sides whose checks were run. */
  checked: string;
  /** The manifests and contents that the store has. */
  stored: string;
}

export interface Seen extends Picture {
  /** What must never be, at any moment. */
  faults: string[];
}

const HUNDRED = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, "0"));

/**
 * Looks as a router would, with nothing of Greenroom's own: through traffic to the sides to the releases, and at
 * every byte of every release that has a name. Releases are called r1, r2, … after the content that they must have.
 */
export function look(root: string): Seen {
  const site = join(root, "sites", "shop", "production");
  const faults: string[] = [];
  const sides = { blue: releaseOf(site, "blue"), green: releaseOf(site, "green") };
  const seen = {
    ...lookAtTraffic(site, sides, faults),
    stored: lookAtStore(root),
    checked: lookAtChecks(site),
    faults,
  };
  for (const release of names(join(site, "releases")).filter((name) => !name.startsWith("."))) {
    const shown = Object.values(sides).includes(release);
    faults.push(...faultsOf(site, release, shown));
  }
  for (const [side, release] of Object.entries(sides)) {
    if (release && !existsSync(join(site, side)))
      faults.push(`${side} points at ${release}, which isn't there`);
  }
  if (seen.live) faults.push(...faultsOfStorage(site, seen.live));
  return seen;
}

export function samePicture(a: Picture, b: Picture): boolean {
  return a.live === b.live && a.buckets === b.buckets;
}

type Sides = Record<string, string | null>;

function lookAtTraffic(site: string, sides: Sides, faults: string[]): Omit<Picture, "stored" | "checked"> {
  const traffic = join(site, "traffic");
  if (!lstatSync(traffic, { throwIfNoEntry: false })) {
    return { live: null, buckets: "", rehearsal: sides.blue ?? null };
  }
  const side = (name: string) => basename(readlinkSync(join(traffic, name)));
  try {
    const live = side("live");
    const rehearsal = side("rehearsal");
    if (live === rehearsal) faults.push("live and rehearsal are the same side");
    if (readlinkSync(join(site, "current")) !== "traffic/live")
      faults.push("current doesn't lead to the live side");
    if (!existsSync(join(site, "current", "index.html"))) faults.push("the live site has no index.html");
    const buckets = HUNDRED.map(side);
    HUNDRED.forEach((name, i) => {
      const marked = existsSync(join(traffic, `${name}.blue`));
      if (marked !== (buckets[i] === "blue"))
        faults.push(`bucket ${name} is ${buckets[i]} and marked otherwise`);
      if (!existsSync(join(traffic, name, "index.html"))) faults.push(`bucket ${name} has no index.html`);
    });
    return {
      live: sides[live] ?? null,
      buckets: buckets.map((one) => sides[one]).join(" "),
      rehearsal: sides[rehearsal] ?? null,
    };
  } catch (error) {
    faults.push(`traffic can't be followed: ${String(error)}`);
    return { live: null, buckets: "", rehearsal: null };
  }
}

function lookAtChecks(site: string): string {
  return names(join(site, "run"))
    .filter((name) => name.endsWith(".checks.json") && !name.startsWith("."))
    .join(" ");
}

function lookAtStore(root: string): string {
  const [manifests, objects] = [join(root, "store", "releases", "shop"), join(root, "store", "objects")];
  const contents = names(objects).flatMap((folder) => names(join(objects, folder)));
  return [...names(manifests), ...contents]
    .filter((name) => !name.startsWith(".tmp-"))
    .sort()
    .join(" ");
}

function releaseOf(site: string, side: string): string | null {
  const path = join(site, side);
  return lstatSync(path, { throwIfNoEntry: false }) ? basename(readlinkSync(path)) : null;
}

// A release that comes back from the store gets the configuration of today.
const CONFIGS = [1, 2, 3, 4, 5, MANY].map(configOf);

function faultsOf(site: string, release: string, shown: boolean): string[] {
  const n = Number(release.slice(1));
  const dir = join(site, "releases", release);
  const links = ["uploads", "data"].filter((path) =>
    lstatSync(join(dir, path), { throwIfNoEntry: false })?.isSymbolicLink(),
  );
  const wanted = Object.entries(filesOf(n)).filter(
    ([path]) => !links.some((link) => path.startsWith(`${link}/`)),
  );
  const faults: string[] = wanted.flatMap(([path, thing]) => faultOf(join(dir, path), thing) ?? []);
  const known = new Set([
    ...wanted.flatMap(([path]) => [path, ...above(path)]),
    ...links,
    "config",
    "config/site.json",
  ]);
  for (const path of everythingIn(dir, "")) if (!known.has(path)) faults.push(`${path} is no part of it`);
  if (shown) {
    const config = join(dir, "config/site.json");
    if (!existsSync(config) || !CONFIGS.includes(readFileSync(config, "utf8")))
      faults.push("its configuration is torn");
    for (const link of links) if (!existsSync(join(dir, link))) faults.push(`${link} leads nowhere`);
    if (!links.includes("uploads")) faults.push("uploads isn't storage");
  }
  return faults.map((fault) => `${release}: ${fault}`);
}

function faultOf(path: string, thing: Thing): string | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return `${path} is missing`;
  if (thing.kind === "link") {
    return stat.isSymbolicLink() && readlinkSync(path) === thing.target ? null : `${path} leads elsewhere`;
  }
  if (thing.kind === "folder") return stat.isDirectory() ? null : `${path} is no folder`;
  if (!stat.isFile() || readFileSync(path, "utf8") !== thing.content) return `${path} has another content`;
  return (stat.mode & 0o777) === (thing.executable ? 0o555 : 0o444) ? null : `${path} has another mode`;
}

/** The first release's seed, and what a visitor of it has left there. */
function faultsOfStorage(site: string, live: string): string[] {
  const wanted = {
    "seed.txt": filesOf(1)["uploads/seed.txt"],
    ...(live === "r1" ? {} : { "visitor.txt": VISITED }),
  };
  return Object.entries(wanted).flatMap(([name, thing]) => {
    const path = join(site, "storage", "uploads", name);
    const content = existsSync(path) ? readFileSync(path, "utf8") : null;
    return thing?.kind === "file" && content === thing.content ? [] : [`storage lost or changed ${name}`];
  });
}

function above(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join("/"));
}

function everythingIn(dir: string, folder: string): string[] {
  return readdirSync(join(dir, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder ? `${folder}/${entry.name}` : entry.name;
    return entry.isDirectory() ? [path, ...everythingIn(dir, path)] : [path];
  });
}

function names(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** What the journal says was made live last; a rollback relies on it. */
export function lastInJournal(root: string): string | null {
  const path = join(root, "sites", "shop", "production", "log", "journal.jsonl");
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  return lines.reduce<string | null>((last, line) => /"live":"([^"]+)"/.exec(line)?.[1] ?? last, null);
}

/** What a run that died may leave for a while, and what the command after it must have taken away. */
export function findLeftovers(root: string): string[] {
  if (!existsSync(root)) return [];
  const site = join(root, "sites", "shop", "production");
  const found = everythingIn(root, "").filter((path) => basename(path).startsWith(".tmp-"));
  found.push(...names(join(root, "store", "incoming")).map((name) => `store/incoming/${name}`));
  const traffic = join(site, "traffic");
  const now = existsSync(traffic) ? Number(basename(readlinkSync(traffic))) : 0;
  for (const name of names(join(site, "traffic.d"))) {
    if (!(Number(name) <= now && Number(name) > now - 3)) found.push(`traffic.d/${name}`);
  }
  const releases = new Set(names(join(site, "releases")));
  for (const name of names(join(site, "config"))) {
    if (!releases.has(name.replace(/\.json$/, ""))) found.push(`config/${name}`);
  }
  if (names(join(site, "releases")).filter((name) => name.startsWith(".spare-")).length > 1)
    found.push("a second spare tree");
  for (const name of names(join(site, "previews"))) {
    if (!existsSync(join(site, "previews", name)) && !/-(blue|green|rehearsal)$|@/.test(name))
      found.push(`previews/${name}`);
  }
  return found;
}
