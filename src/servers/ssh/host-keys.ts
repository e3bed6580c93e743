import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTemporary } from "../../disk/temporary.ts";
import type { Server } from "../server.ts";
import { hostKeyAlias, sshArgv } from "./options.ts";
import { explainSsh } from "./refusals.ts";

/** A file for `ssh` with the one key that greenroom.json pins, if it pins one. */
export function writePinned(server: Server): { file: string | null; forget(): void } {
  if (server.hostKey === null) return { file: null, forget: () => {} };
  const dir = makeTemporary("key");
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
  const dir = makeTemporary("key");
  const file = join(dir, "known_hosts");
  const learning = [...LEARNING, `UserKnownHostsFile=${file}`, ...kindOf(server.hostKey)];
  const options = learning.flatMap((option) => ["-o", option]);
  try {
    const [command, ...args] = sshArgv({ ...server, hostKey: null }, null);
    // The first of two values of one option counts.
    const { stderr } = spawnSync(command!, [...options, ...args, "true"], { encoding: "utf8" });
    const line = readLine(file);
    if (line === null) throw explainSsh(server, stderr);
    const [, type, blob] = line.split(" ");
    const key = `${type} ${blob}`;
    return { key, fingerprint: fingerprintOf(key), line };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A server has a key of each kind: the one to compare with what is pinned is of that kind. */
function kindOf(pinned: string | null): string[] {
  if (pinned === null) return [];
  const kind = pinned.split(" ")[0]!;
  return [`HostKeyAlgorithms=${kind === "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256" : kind}`];
}

function readLine(file: string): string | null {
  try {
    return readFileSync(file, "utf8").split("\n").find(Boolean) ?? null;
  } catch {
    return null;
  }
}

/** As `ssh-keygen -l` says it. */
export function fingerprintOf(key: string): string {
  const blob = Buffer.from(key.split(" ")[1] ?? "", "base64");
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}
