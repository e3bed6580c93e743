import { spawnSync } from "node:child_process";
import { GreenroomError } from "../../errors.ts";
import type { Server } from "../server.ts";
import { sshArgv } from "../ssh/options.ts";

/** Whom ssh logs in as, by its own account of its configuration. */
export function accountOf(server: Server): string {
  const [command, ...args] = sshArgv({ ...server, hostKey: null }, null);
  const { stdout } = spawnSync(command!, ["-G", ...args], { encoding: "utf8" });
  return /^user (\S+)/m.exec(stdout)?.[1] ?? "root";
}

/** The same server, entered as somebody else. */
export function enteredAs(server: Server, account: string): Server {
  if (/^[a-z_][a-z0-9_-]{0,31}$/.test(account))
    return { ...server, ssh: `${account}@${server.ssh.replace(/^[^@]*@/, "")}` };
  throw new GreenroomError("USAGE", `${JSON.stringify(account)} is no account's name`, {
    hint: `greenroom provision ${server.name} --as root`,
  });
}

/** Where an account's right to become root is; sudo passes over names with a dot. */
export function sudoersOf(account: string): string {
  return `/etc/sudoers.d/greenroom-${account.replaceAll(".", "_")}`;
}

/** Takes the account, the one whose keys it gets, and the file of its right, which comes last: then all is there. */
export const MAKE_ACCOUNT = `
set -e
umask 077
home() { getent passwd "$1" | cut -d: -f6; }
keys=$(home "$2")/.ssh/authorized_keys
[ -s "$keys" ] || { echo "$2 has no keys in $keys that $1 could have, too"; exit 1; }
getent passwd "$1" >/dev/null || useradd --create-home --shell /bin/bash "$1"
own=$(home "$1")/.ssh
[ -s "$own/authorized_keys" ] || {
  mkdir -p "$own"
  cp "$keys" "$own/authorized_keys"
  chown -R "$1:" "$own"
}
printf '%s ALL=(ALL:ALL) NOPASSWD: ALL\\n' "$1" >"$3.new"
visudo -cqf "$3.new"
chmod 0440 "$3.new"
mv "$3.new" "$3"
`;
