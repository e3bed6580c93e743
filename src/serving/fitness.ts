import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { GreenroomError } from "../errors.ts";
import type { Machine } from "./machine.ts";
import { readConfig } from "./nginx/config.ts";
import { assertHolderFits } from "./nginx/holder.ts";
import { assertReadable } from "./nginx/machines.ts";
import { findNginx } from "./nginx/program.ts";
import { assertOwnSocketFits, findSupervisord } from "./supervisord/daemon.ts";
import { assertReadsPrograms } from "./supervisord/machine.ts";
import { findWebAccount } from "./web-account.ts";

/** Throws where this machine can't serve a root so; adds what only the machine itself can tell. Changes nothing. */
export function completeMachine(root: string, machine: Machine): Machine {
  const { router, supervisor, unprivileged } = machine;
  const accounts = machine.accounts ?? usualAccounts(machine);
  if (accounts === "own") assertMakesAccounts();
  if (supervisor === "supervisord") {
    findSupervisord();
    if (unprivileged) assertOwnSocketFits(root);
    else assertReadsPrograms();
  }
  if (router !== "nginx") return { ...machine, accounts, webUser: null };
  findNginx(machine.listenTls.length > 0);
  assertHolderFits(root);
  if (unprivileged) return { ...machine, accounts, webUser: null };
  assertRoot();
  assertReadable();
  const webUser = readConfig().user;
  assertReaches(webUser, root);
  return { ...machine, accounts, webUser };
}

/** On a server's own parts sites don't share one; where somebody tries them out, no accounts are made. */
function usualAccounts({ router, supervisor, unprivileged }: Machine): Machine["accounts"] {
  const isServer = !unprivileged && (router === "nginx" || supervisor === "supervisord");
  return isServer && process.getuid?.() === 0 ? "own" : null;
}

export function assertRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new GreenroomError("ROUTER_REFUSED", "only root can tell the machine's nginx something", {
    hint: "give the command as root, or have an nginx of your own: --unprivileged",
  });
}

function assertMakesAccounts(): void {
  if (process.getuid?.() === 0) return;
  throw new GreenroomError("USAGE", "--accounts own: only root makes accounts", {
    hint: "give the command as root, or leave it out: all programs run as you",
  });
}

function assertReaches(user: string, root: string): void {
  const obstacle = firstClosed(user, nearest(root));
  if (obstacle === null) return;
  throw new GreenroomError("ROOT_UNUSABLE", `nginx runs as ${user}, which can't enter ${obstacle}`, {
    hint: `choose a root elsewhere with --root, or open the folder: chmod o+x ${obstacle}`,
  });
}

/** The folder on the way to `dir` that an account can't enter; null where it gets there. */
export function firstClosed(user: string, dir: string): string | null {
  const above = dir === "/" ? null : firstClosed(user, dirname(dir));
  return above ?? (canEnter(user, dir) ? null : dir);
}

// Asked of the kernel, which knows of all groups and access lists. Where nobody can be asked, visitors will tell.
function canEnter(user: string, dir: string): boolean {
  const account = findWebAccount(user);
  if (!account) return true;
  const who = ["--reuid", String(account.uid), "--regid", String(account.gid), "--init-groups"];
  const { status, error } = spawnSync("/usr/bin/setpriv", [...who, "--", "/usr/bin/test", "-x", dir]);
  return error !== undefined || status !== 1;
}

function nearest(dir: string): string {
  return existsSync(dir) ? realpathSync(dir) : nearest(dirname(dir));
}
