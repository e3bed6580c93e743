import { readStaged } from "../../environment/config.ts";
import type { Side } from "../../environment/sides.ts";
import type { Site } from "../../environment/site.ts";
import type { StagedSpec } from "../../environment/spec.ts";
import { type EnvironmentState, readState } from "../../environment/state.ts";
import { fileHeaders } from "../file-headers.ts";

/** What of a release nginx must be told in advance; everything else it finds on the disk when a request comes. */
export interface Shape {
  kind: StagedSpec["serve"]["kind"];
  /** How its process is reached. */
  listen: "socket" | "port" | null;
  /** The folder whose files visitors see; null: none. */
  folder: string | null;
  /** What of that folder is storage, or a link that may lead there, as visitors see it: its writers may be hostile. */
  storage: string[];
  php: PhpShape | null;
  /** What files are sent with. */
  headers: [name: string, value: string][];
  /** Folders whose files never change, as visitors see them. */
  immutable: string[];
  precompressed: boolean;
}

export interface PhpShape {
  /** What answers for addresses that no file has, below the folder. */
  front: string | null;
  /** Bytes. */
  upload: number;
  /** Seconds. */
  time: number;
}

/** The shapes of what the sides hold. While they agree, which is nearly always, requests needn't be told apart. */
export interface Shapes {
  blue: Shape;
  green: Shape;
}

/** Null while there is nothing that could be served. */
export function readShapes(site: Site): Shapes | null {
  const state = readState(site);
  const [blue, green] = [shapeOn(state, "blue"), shapeOn(state, "green")];
  const some = blue ?? green;
  return some && { blue: blue ?? some, green: green ?? some };
}

export function areEqual({ blue, green }: Shapes): boolean {
  return JSON.stringify(blue) === JSON.stringify(green);
}

function shapeOn({ site, sides }: EnvironmentState, side: Side): Shape | null {
  const release = sides[side];
  const staged = release === null ? null : readStaged(site, release);
  return staged && shapeOf(staged);
}

export function shapeOf({ serve, storage, files }: Staged): Shape {
  const folder = serve.public;
  const seen = folder === null ? [] : storage.flatMap((path) => seenAs(path, folder) ?? []);
  const listen = serve.kind === "process" ? serve.listen : null;
  return {
    kind: serve.kind,
    listen,
    folder,
    storage: [...new Set([...seen, ...(files?.links ?? [])])],
    php: phpShapeOf(serve),
    headers: fileHeaders(serve),
    immutable: serve.immutable ?? [],
    precompressed: files?.precompressed ?? false,
  };
}

/** What an earlier Greenroom staged says nothing of its files. */
type Staged = Pick<StagedSpec, "serve" | "storage"> & Partial<Pick<StagedSpec, "files">>;

function phpShapeOf(serve: StagedSpec["serve"]): PhpShape | null {
  if (serve.kind !== "php") return null;
  return { front: serve.front, upload: serve.php.upload, time: Math.ceil(serve.php.time / 1000) };
}

/** The address of a storage path below the public folder: `/uploads`; `/` where all of that folder is storage. */
function seenAs(path: string, folder: string): string | null {
  if (folder === ".") return `/${path}`;
  if (folder === path || folder.startsWith(`${path}/`)) return "/";
  return path.startsWith(`${folder}/`) ? path.slice(folder.length) : null;
}
