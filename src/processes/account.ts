import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { errnoOf, GreenroomError } from "../errors.ts";

export interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

/** The account that a configuration names, wherever this machine keeps its accounts. */
export function readAccount(user: string): Account {
  const fields = user.startsWith("-") ? [] : findEntry(user)?.split(":");
  const [name, , uid, gid, , home] = fields ?? [];
  if (name && /^\d+$/.test(uid ?? "") && /^\d+$/.test(gid ?? "")) {
    return { name, uid: Number(uid), gid: Number(gid), home: home || "/" };
  }
  throw new GreenroomError("CONFIG_INVALID", `this machine has no account ${JSON.stringify(user)}`, {
    hint: `useradd --system ${user}`,
  });
}

function findEntry(user: string): string | undefined {
  const asked = spawnSync("getent", ["passwd", user], { encoding: "utf8" });
  if (!asked.error) return asked.stdout.split("\n")[0];
  if (errnoOf(asked.error) !== "ENOENT") throw asked.error;
  return readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((line) => line.startsWith(`${user}:`));
}
