import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { Server } from "../server.ts";
import { hostKeyAlias, sshArgv } from "./options.ts";
import { explainSsh } from "./refusals.ts";

/** A file for `ssh` with the one key that greenroom.json pins, if it pins one. */
export function writePinned(server: Server): { file: string | null; forget(): void } {
  if (server.hostKey === null) return { file: null, forget: () => {} };
  const dir = mkdtempSync(join(tmpdir(), "greenroom-key-"));
  const file = join(dir, "known_hosts");
  writeFileSync(file, `${hostKeyAlias(server)} ${server.hostKey}\n`);
  return { file, forget: () => rmSync(dir, { recursive: true, force: true }) };
}

export interface HostKey {
  /** `ssh-ed25519 AAAA…` */
  key: string;
  /** `SHA256:…`, as people compare it. */
  fingerprint: string;
  /** A line for known_hosts. */
  line: string;
}

const LEARNING = [
  "StrictHostKeyChecking=accept-new",
  "GlobalKnownHostsFile=/dev/null",
  "HashKnownHosts=no",
  "UpdateHostKeys=no",
  "PreferredAuthentications=none",
];

/**
 * What key a server shows, by whichever way the user's SSH configuration reaches it. Nobody logs in: the line ends
 * once the key is known.
 */
export function readHostKey(server: Server): HostKey {
  const dir = mkdtempSync(join(tmpdir(), "greenroom-key-"));
  const file = join(dir, "known_hosts");
  const learning = LEARNING.concat(`UserKnownHostsFile=${file}`).flatMap((option) => ["-o", option]);
  try {
    const [command, ...args] = sshArgv({ ...server, hostKey: null }, null);
    // The first of two values of one option counts.
    const { stderr } = spawnSync(command!, [...learning, ...args, "true"], { encoding: "utf8" });
    const line = readLine(file);
    if (line === null) throw explainSsh(server, stderr);
    const [, type, blob] = line.split(" ");
    return { key: `${type} ${blob}`, fingerprint: fingerprintOf(file), line };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function readLine(file: string): string | null {
  try {
    return readFileSync(file, "utf8").split("\n").find(Boolean) ?? null;
  } catch {
    return null;
  }
}

function fingerprintOf(file: string): string {
  const { stdout } = spawnSync("ssh-keygen", ["-l", "-f", file], { encoding: "utf8" });
  return stdout.split(" ")[1] ?? "";
}

/** Where the user's SSH keeps the keys that it trusts. */
export function knownHostsOf(server: Server): string {
  const [command, ...args] = sshArgv({ ...server, hostKey: null }, null);
  const { stdout } = spawnSync(command!, ["-G", ...args], { encoding: "utf8" });
  const first = /^userknownhostsfile (\S+)/m.exec(stdout)?.[1] ?? "~/.ssh/known_hosts";
  return first.replace(/^~(?=\/)/, homedir());
}
