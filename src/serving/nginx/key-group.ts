import { readFileSync } from "node:fs";
import { orNull } from "../../disk/durable.ts";
import { findAccount, usualAccount } from "../../processes/account.ts";
import type { Machine } from "../machine.ts";
import type { Nginx } from "./places.ts";
import { childrenOf, readPid } from "./program.ts";

/** nginx's workers read keys, one for each new connection. Null: they run as who writes the keys. */
export function keyGroup(root: string, nginx: Nginx, { unprivileged }: Machine): number | null {
  if (process.getuid?.() !== 0) return null;
  if (unprivileged) return groupOf(usualAccount(root));
  const pid = readPid(nginx);
  const [worker] = pid === null ? [] : childrenOf(pid);
  return (worker === undefined ? null : groupOfProcess(worker)) ?? groupOf("www-data") ?? groupOf("nginx");
}

function groupOf(user: string | null): number | null {
  return (user === null ? null : findAccount(user)?.gid) ?? null;
}

function groupOfProcess(pid: string): number | null {
  const status = orNull(() => readFileSync(`/proc/${pid}/status`, "utf8"), "ENOENT", "ESRCH");
  const gid = Number(/^Gid:\t\d+\t(\d+)/m.exec(status ?? "")?.[1] ?? Number.NaN);
  return Number.isInteger(gid) ? gid : null;
}
