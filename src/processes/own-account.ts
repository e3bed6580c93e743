import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { GreenroomError } from "../errors.ts";
import { findAccount, isOpen, readAccount } from "./account.ts";

const PREFIX = "gr_";

/** Debian's tools take 32 characters. */
const LONGEST = 31;

/**
 * The account that one environment's programs have to themselves. No other name has an underscore, so that no two
 * environments come to the same one.
 */
export function ownAccountName(project: string, environment: string): string {
  const name = `${PREFIX}${project}_${environment}`;
  if (name.length <= LONGEST && !name.includes(".")) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.replaceAll(".", "-").slice(0, LONGEST - 9)}_${hash}`;
}

/** The same, where an account that isn't there yet could get at a site below `dir`; else null. */
export function findOwnAccountName(dir: string, project: string, environment: string): string | null {
  return isOpen(dir) ? ownAccountName(project, environment) : null;
}

/** An account is one that Greenroom makes, or is there and fit for an environment's programs. */
export function assertAccount(user: string, { project, environment }: Named): void {
  if (user === ownAccountName(project, environment)) return;
  const { uid } = readAccount(user);
  if (uid !== 0 && !user.startsWith(PREFIX)) return;
  const whose = uid === 0 ? "root's" : "another environment's own";
  throw new GreenroomError("CONFIG_INVALID", `serve.user: ${user} is ${whose}, and can't be this one's`, {
    hint: "name another account, or leave it out",
  });
}

interface Named {
  project: string;
  environment: string;
}

/** The environment's own account, if it is to be made first. */
export function missingAccount(user: string | null, { project, environment }: Named): string | null {
  return user === ownAccountName(project, environment) && !findAccount(user) ? user : null;
}

// There are fewer than 900 numbers for a system's accounts, and a server may have more environments.
const NUMBERS = ["SYS_UID_MIN=50000", "SYS_UID_MAX=59999", "SYS_GID_MIN=50000", "SYS_GID_MAX=59999"];

const LOCKED = [
  "--system",
  "--user-group",
  "--no-create-home",
  "--home-dir=/nonexistent",
  "--shell=/usr/sbin/nologin",
  "--comment=a site's programs, by Greenroom",
];

/** Makes an account that nobody can log in to, with a group of its own. */
export function makeAccount(name: string): void {
  const { status, error, stderr } = spawnSync(
    "useradd",
    [...LOCKED, ...NUMBERS.flatMap((number) => ["--key", number]), "--", name],
    { encoding: "utf8", env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` } },
  );
  // Somebody else may have been quicker.
  if (status === 0 || findAccount(name)) return;
  const reason = error ? "there is no useradd here" : stderr.trim();
  throw new GreenroomError("ACCOUNT_REFUSED", `the account ${name} can't be made: ${reason}`, {
    hint: "give the command again, make it yourself, or have sites share one: greenroom setup --accounts shared",
  });
}
