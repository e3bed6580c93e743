import { spawnSync } from "node:child_process";
import { type Account, findAccount, usualAccount } from "../processes/account.ts";
import { readMachine } from "./machine.ts";

/** Whom nginx's workers run as: who must get at sockets. Null: nobody but ourselves. */
export function webAccount(root: string): Account | null {
  if (process.getuid?.() !== 0) return null;
  const name = readMachine(root).webUser ?? usualAccount(root);
  return name === null ? null : findWebAccount(name);
}

/** Of a name as `chown` takes it: nginx may be told to have its workers in another group than the account is. */
export function findWebAccount(name: string): Account | null {
  const [user = "", group] = name.split(":");
  const account = findAccount(user);
  return account && { ...account, gid: (group && findGroup(group)) || account.gid };
}

function findGroup(group: string): number | null {
  const { stdout } = spawnSync("getent", ["group", "--", group], { encoding: "utf8" });
  const [, , gid] = stdout?.split(":") ?? [];
  return gid === undefined ? null : Number(gid);
}
