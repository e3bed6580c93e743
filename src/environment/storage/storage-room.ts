import { existsSync, lstatSync, type Stats } from "node:fs";
import type { Identity } from "../../disk/as-account.ts";
import { GreenroomError } from "../../errors.ts";
import { type Account, readAccount } from "../../processes/account.ts";
import { at, type Site, siteName } from "../site.ts";
import type { EnvironmentSpec } from "../spec.ts";
import { type FileRoom, openRoom } from "./file-room.ts";
import { accountOf } from "./storage.ts";

/** Storage of an environment that people may look into and bring files to. */
export interface StorageRoom extends FileRoom {
  dir: string;
  /** Whose files these are, where that isn't us. */
  account: Identity | null;
}

/** A path that greenroom.json names as storage, or one below it. */
export function openStorage(site: Site, spec: EnvironmentSpec, path: string): StorageRoom {
  const declared = declaredAbove(spec, path);
  // It is made when a release is staged, from what that brings there.
  const master = lstatSync(at.storage(site, declared), { throwIfNoEntry: false });
  if (!existsSync(at.storage(site)) || !master) {
    throw new GreenroomError("ENVIRONMENT_MISSING", `${siteName(site)} has no storage ${declared} yet`, {
      hint: `greenroom stage ${site.environment}`,
    });
  }
  const account = ownerOf(master, spec);
  return { ...openRoom(at.storage(site), path, account), dir: at.storage(site, path), account };
}

/** Whose it is, whatever greenroom.json says by now: with our own rights nothing is done where others may write. */
function ownerOf({ uid }: Stats, spec: EnvironmentSpec): Account | null {
  if (process.getuid?.() === 0 && uid !== 0) return readAccount(String(uid));
  return accountOf(spec);
}

function declaredAbove({ storage }: EnvironmentSpec, path: string): string {
  const declared = storage.find((one) => path === one || path.startsWith(`${one}/`));
  const isFit = path.split("/").every((part) => !["", ".", ".."].includes(part)) && !path.includes("\0");
  if (declared !== undefined && isFit) return declared;
  const hint = storage.length > 0 ? `name one of: ${storage.join(", ")}` : "name it in greenroom.json";
  throw new GreenroomError("USAGE", `${JSON.stringify(path)} isn't storage of this project`, { hint });
}
