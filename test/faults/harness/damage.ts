import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

type Fault = "bit flipped" | "cut" | "longer" | "deleted" | "added" | "mode";
const FAULTS: Fault[] = ["bit flipped", "cut", "longer", "deleted", "added", "mode"];

export interface Damage {
  fault: Fault;
  /** Below the root. */
  path: string;
  /** A file of a tree shares its content with the store: damaged in place both are, replaced only the tree is. */
  alone: boolean;
}

/** Numbers that look random and are the same for the same seed. */
export function createDice(seed: number): (below: number) => number {
  let state = seed * 2654435761 + 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Something in a release's tree or in the store that may be damaged. */
export function chooseDamage(root: string, dice: (below: number) => number): Damage {
  const fault = FAULTS[dice(FAULTS.length)]!;
  const folder = ["sites/shop/production/releases", "store/objects", "store/releases/shop"][dice(8) % 3]!;
  const all = listBelow(root, folder).filter((path) => !path.includes("/.spare-"));
  const fits = all.filter((path) => fitsFault(root, path, fault));
  if (fits.length === 0) return chooseDamage(root, dice);
  return { fault, path: fits[dice(fits.length)]!, alone: dice(2) === 0 };
}

function fitsFault(root: string, path: string, fault: Fault): boolean {
  const stat = lstatSync(join(root, path));
  const inTree = path.split("/").length >= 5 && path.startsWith("sites");
  if (fault === "added") return stat.isDirectory() && (inTree || path.startsWith("store/objects/"));
  // Nobody misses the manifest of a release that is on no disk.
  if (fault === "deleted" && path.startsWith("store/releases")) return /r[34]\.json$/.test(path);
  if (fault === "deleted")
    return !stat.isDirectory() || (inTree && readdirSync(join(root, path)).length === 0);
  if (fault === "mode")
    return stat.isFile() ? !path.startsWith("store/releases") : stat.isDirectory() && inTree;
  return stat.isFile() && stat.size > 1;
}

export function inflict(root: string, { fault, path, alone }: Damage, dice: (below: number) => number): void {
  const place = join(root, path);
  const stat = lstatSync(place);
  if (alone && stat.isFile() && fault !== "deleted") separate(place);
  const change = {
    "bit flipped": () => {
      const bytes = readFileSync(place);
      bytes[dice(bytes.length)]! ^= 1 << dice(8);
      writeFileSync(place, bytes);
    },
    cut: () => truncateSync(place, dice(stat.size)),
    longer: () => appendFileSync(place, "x"),
    deleted: () => (stat.isDirectory() ? rmdirSync(place) : unlinkSync(place)),
    added: () => add(join(place, `new-${dice(100)}`), dice(3)),
    mode: () => chmodSync(place, [0o644, 0o755, 0o777, 0o600][dice(4)]!),
  };
  change[fault]();
}

function separate(place: string): void {
  const { mode } = lstatSync(place);
  const copy = `${dirname(place)}/.copy`;
  copyFileSync(place, copy);
  chmodSync(copy, mode & 0o777);
  renameSync(copy, place);
}

function add(place: string, kind: number): void {
  if (kind === 0) writeFileSync(place, "added");
  else if (kind === 1) symlinkSync("/etc/passwd", place);
  else mkdirSync(place);
}

function listBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? [path, ...listBelow(root, path)] : [path];
  });
}
