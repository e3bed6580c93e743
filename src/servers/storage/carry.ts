import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { EnvironmentSpec } from "../../environment/spec.ts";
import { type FileRoom, openRoom } from "../../environment/storage/file-room.ts";
import type { FileTree } from "../../environment/storage/file-tree.ts";
import { assertNothingInTheWay } from "../../environment/storage/in-the-way.ts";
import { carryOut, planTransfer } from "../../environment/storage/transfer.ts";
import { GreenroomError } from "../../errors.ts";
import type { Emit } from "../../events.ts";
import type { Host } from "../host.ts";
import type { Server } from "../server.ts";
import { type Rsync, runRsync } from "../ssh/rsync.ts";
import { hasRsync } from "./rooms.ts";

export interface Carrying {
  host: Host;
  /** Null: this machine. */
  server: Server | null;
  spec: EnvironmentSpec;
  /** Of the storage. */
  path: string;
  /** The user's own, or a file of his. */
  directory: string;
  way: "pull" | "push";
  deletes: boolean;
  dryRun: boolean;
  emit: Emit;
}

export interface Carried {
  server: string;
  by: "rsync" | "stream";
  sent: { path: string; bytes: number }[];
  removed: string[];
  skipped: string[];
}

/** Makes a folder as the storage of an environment, or that as the folder: by rsync where both machines have it. */
export async function carry(carrying: Carrying): Promise<Carried> {
  const { host, server, spec, path, way } = carrying;
  const storage = host.storage(spec, path);
  const from = await (way === "pull" ? storage : roomAt(carrying.directory)).list();
  if (from.kind === "nothing") throw missing(carrying);
  const place = await storage.place();
  const directory = placeFor(from, carrying);
  const ends =
    way === "pull" ? { from: storage, to: roomAt(directory) } : { from: roomAt(directory), to: storage };
  const isForRsync = server !== null && place.rsync !== null && from.kind === "folder" && hasRsync();
  return isForRsync
    ? byRsync({ ...carrying, server, place: { ...place, rsync: place.rsync! } }, from, ends.to)
    : byStream(carrying, from, ends);
}

function roomAt(directory: string): FileRoom {
  return openRoom(dirname(directory), basename(directory), null);
}

/** A file goes into a folder that is there. */
function placeFor({ kind }: FileTree, { way, path, directory }: Carrying): string {
  const isFolder = statSync(directory, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return way === "pull" && kind === "file" && isFolder ? join(directory, basename(path)) : directory;
}

async function byRsync(wanted: Omit<Rsync, "kept">, from: FileTree, to: FileRoom): Promise<Carried> {
  const found = await to.list();
  assertNothingInTheWay(from, found);
  if (!wanted.dryRun) await to.remove(found.leftovers);
  if (!wanted.dryRun) await to.makeFolders([]);
  const done = await runRsync({ ...wanted, kept: found.skipped });
  if (!wanted.dryRun) await to.end();
  return { server: wanted.server.name, by: "rsync", ...done };
}

async function byStream(
  { host, deletes, dryRun, emit }: Carrying,
  from: FileTree,
  ends: Record<"from" | "to", FileRoom>,
): Promise<Carried> {
  const plan = planTransfer(from, await ends.to.list(), deletes);
  if (!dryRun) await carryOut(plan, ends.from, ends.to, emit);
  const sent = plan.files.map(({ path, size }) => ({ path, bytes: size }));
  return { server: host.name, by: "stream", sent, removed: plan.removed, skipped: plan.skipped };
}

function missing({ way, path, directory, spec }: Carrying): GreenroomError {
  const what =
    way === "pull"
      ? `${spec.environment} has nothing at ${JSON.stringify(path)}`
      : `there is no ${directory}`;
  return new GreenroomError("SOURCE_MISSING", what, { hint: `greenroom ${way} --help` });
}
