import { spawnSync } from "node:child_process";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { z } from "zod";
import type { Part } from "../../environment/storage/file-parts.ts";
import { openStorage, type StorageRoom } from "../../environment/storage/storage-room.ts";
import type { Scene } from "../../environment/world.ts";
import { planDemotion } from "../../processes/privileges.ts";
import { parse } from "../calls.ts";
import type { StoragePlace } from "../host.ts";

const text = z.string().max(4096);
const part = z.strictObject({
  file: z.strictObject({
    path: text,
    size: z.int().nonnegative(),
    mtime: z.int().nonnegative(),
    mode: z.int().min(0).max(0o777),
  }),
  offset: z.int().nonnegative(),
  length: z
    .int()
    .nonnegative()
    .max(8 * 1024 * 1024),
}) satisfies z.ZodType<Part>;
/** All of one call together: a batch has a quarter of it. */
const CALL_BYTES = 16 * 1024 * 1024;
const parts = z
  .array(part)
  .max(10_000)
  .refine((all) => all.reduce((sum, { length }) => sum + length, 0) <= CALL_BYTES, {
    error: "too much at once",
  });
const paths = z.array(text).max(1_000_000);

/** No batch unpacks to as much. */
const UNPACKED = { maxOutputLength: 64 * 1024 * 1024 };

/** What somebody on another machine does with storage here: one room at a time. */
export function createRooms() {
  let open: { key: string; room: StorageRoom } | null = null;
  const roomOf = (scene: Scene, path: unknown): StorageRoom => {
    const named = parse(text, path);
    const key = JSON.stringify([scene.site.dir, named]);
    if (open?.key !== key) open = { key, room: openStorage(scene.site, scene.spec, named) };
    return open.room;
  };
  return {
    place: (scene: Scene, { path }: Head): StoragePlace => placeOf(roomOf(scene, path)),
    list: (scene: Scene, { path }: Head) => roomOf(scene, path).list(),
    async read(scene: Scene, { path, parts: wanted }: Head) {
      const bytes = await roomOf(scene, path).read(parse(parts, wanted));
      return { bytes: deflateRawSync(bytes, { level: 3 }).toString("base64") };
    },
    async write(scene: Scene, { path, parts: given }: Head, body: Buffer) {
      const all = parse(parts, given);
      await roomOf(scene, path).write(all, inflateRawSync(body, UNPACKED));
      return { written: all.length };
    },
    async folders(scene: Scene, { path, folders }: Head) {
      await roomOf(scene, path).makeFolders(parse(paths, folders));
      return {};
    },
    async remove(scene: Scene, { path, removed }: Head) {
      await roomOf(scene, path).remove(parse(paths, removed));
      return {};
    },
    async end(scene: Scene, { path }: Head) {
      await roomOf(scene, path).end();
      return {};
    },
    /** The line has ended; nobody brings the rest of what was begun. */
    async leave() {
      await open?.room.end();
    },
  };
}

export type Rooms = ReturnType<typeof createRooms>;
type Head = Record<string, unknown>;

/** Where it is, and how rsync is run there so that it may do no more than the account that owns it. */
export function placeOf({ dir, account }: StorageRoom): StoragePlace {
  const { wrapper } = account ? planDemotion(account.name) : { wrapper: [] };
  const isFit = (account === null || wrapper.length > 0) && hasRsync();
  return { dir, rsync: isFit && !isRestricted() ? [...raiser(), ...wrapper, "rsync"] : null };
}

/** Who logs in became root by sudo, which rsync must, too. */
function raiser(): string[] {
  return process.getuid?.() === 0 && process.env.SUDO_USER ? ["sudo", "-n"] : [];
}

/** A key that calls operations only is asked for no other program. */
function isRestricted(): boolean {
  return process.env.SSH_ORIGINAL_COMMAND !== undefined;
}

export function hasRsync(): boolean {
  return spawnSync("rsync", ["--version"], { stdio: "ignore" }).status === 0;
}
