import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname } from "node:path";
import type { Server } from "../server.ts";
import { fingerprintOf, type HostKey } from "./host-keys.ts";
import { sshArgv } from "./options.ts";

/** Where the user's SSH keeps the keys that it trusts. */
export function knownHostsOf(server: Server): string {
  const [command, ...args] = sshArgv({ ...server, hostKey: null }, null);
  const { stdout } = spawnSync(command!, ["-G", ...args], { encoding: "utf8" });
  const first = /^userknownhostsfile (\S+)/m.exec(stdout)?.[1] ?? "~/.ssh/known_hosts";
  return first.replace(/^~(?=\/)/, homedir());
}

/** The fingerprint of another key that the server was trusted by until now; null where it has none, or still has it. */
export function readFormerKey(known: string, shown: HostKey): string | null {
  const keys = readKeys(known, nameIn(shown));
  return keys.length === 0 || keys.includes(shown.key) ? null : fingerprintOf(keys[0]!);
}

/** From then on that key alone counts; the file as it was before stays beside it where one had to go. */
export function writeTrusted(known: string, shown: HostKey): void {
  mkdirSync(dirname(known), { recursive: true, mode: 0o700 });
  if (readKeys(known, nameIn(shown)).includes(shown.key)) return;
  if (readFormerKey(known, shown) !== null) spawnSync("ssh-keygen", ["-R", nameIn(shown), "-f", known]);
  appendFileSync(known, `${shown.line}\n`, { mode: 0o600 });
}

function nameIn({ line }: HostKey): string {
  return line.split(" ")[0]!;
}

/** ssh-keygen finds names that are hashed, too. */
function readKeys(known: string, name: string): string[] {
  const { stdout } = spawnSync("ssh-keygen", ["-F", name, "-f", known], { encoding: "utf8" });
  return stdout
    .split("\n")
    .filter((line) => line !== "" && !/^[#@]/.test(line))
    .map((line) => line.split(" ").slice(1, 3).join(" "));
}
