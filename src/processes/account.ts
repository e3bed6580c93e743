import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, GreenroomError } from "../errors.ts";

export interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

/** The account that a configuration names, wherever this machine keeps its accounts. */
export function readAccount(user: string): Account {
  const account = findAccount(user);
  if (account) return account;
  throw new GreenroomError("CONFIG_INVALID", `this machine has no account ${JSON.stringify(user)}`, {
    hint: `useradd --system ${user}`,
  });
}

/** Accounts without rights that machines have from the start; the first is what Debian's web servers run as. */
const UNPRIVILEGED = ["www-data", "nobody"];

/**
 * Whom the programs of a site below `dir` run as where nothing says so: where we are root, somebody who owns nothing
 * and who can get there. Null: ourselves.
 */
export function usualAccount(dir: string, among = UNPRIVILEGED): string | null {
  if (process.getuid?.() !== 0) return null;
  const account = among.map(findAccount).find((one) => one !== null);
  return account && canReach(account, nearest(dir)) ? account.name : null;
}

/** Anybody can get there. */
export function isOpen(dir: string): boolean {
  return canReach(null, nearest(dir));
}

function canReach(account: Account | null, dir: string): boolean {
  const { mode, uid, gid } = statSync(dir);
  const bit = uid === account?.uid ? 0o100 : gid === account?.gid ? 0o010 : 0o001;
  return (mode & bit) !== 0 && (dir === "/" || canReach(account, dirname(dir)));
}

function nearest(dir: string): string {
  return existsSync(dir) ? realpathSync(dir) : nearest(dirname(dir));
}

export function findAccount(user: string): Account | null {
  const fields = user.startsWith("-") ? [] : findEntry(user)?.split(":");
  const [name, , uid, gid, , home] = fields ?? [];
  if (!name || !/^\d+$/.test(uid ?? "") || !/^\d+$/.test(gid ?? "")) return null;
  return { name, uid: Number(uid), gid: Number(gid), home: home || "/" };
}

function findEntry(user: string): string | undefined {
  const asked = spawnSync("getent", ["passwd", user], { encoding: "utf8" });
  if (!asked.error) return asked.stdout.split("\n")[0];
  if (errnoOf(asked.error) !== "ENOENT") throw asked.error;
  return readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((line) => line.startsWith(`${user}:`));
}
