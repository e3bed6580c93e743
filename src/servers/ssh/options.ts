import type { Server } from "../server.ts";
import { quoteWords } from "./quote.ts";

/** The words of `ssh` before those that are run on the other side. Host keys are always checked. */
export function sshArgv(server: Server, pinned: string | null, connectWithin = 10): string[] {
  const config = process.env.GREENROOM_SSH_CONFIG;
  return [
    "ssh",
    ...(config ? ["-F", config] : []),
    ...(server.port === null ? [] : ["-p", String(server.port)]),
    ...[
      ...ALWAYS,
      `ConnectTimeout=${connectWithin}`,
      ...(pinned === null ? [] : onlyKeyIn(pinned, server)),
    ].flatMap((option) => ["-o", option]),
    "-T",
    "--",
    server.ssh,
  ];
}

/** What a person types to try the same line. */
export function sshTyped({ ssh, port }: Server): string {
  const config = process.env.GREENROOM_SSH_CONFIG;
  return quoteWords([
    "ssh",
    ...(config ? ["-F", config] : []),
    ...(port === null ? [] : ["-p", String(port)]),
    ssh,
  ]);
}

const ALWAYS = [
  "StrictHostKeyChecking=yes",
  // Nobody is there to be asked: keys come from files and the agent.
  "BatchMode=yes",
  // A line that is dead is found out within a minute.
  "ServerAliveInterval=15",
  "ServerAliveCountMax=3",
  "ClearAllForwardings=yes",
  "ForwardAgent=no",
];

/** `pinned` is a file like known_hosts that holds the one key. */
function onlyKeyIn(pinned: string, server: Server): string[] {
  return [
    `HostKeyAlias=${hostKeyAlias(server)}`,
    `UserKnownHostsFile=${pinned}`,
    "GlobalKnownHostsFile=/dev/null",
  ];
}

export function hostKeyAlias({ name }: Server): string {
  return `greenroom.${name}`;
}
