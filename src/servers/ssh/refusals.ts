import { GreenroomError } from "../../errors.ts";
import type { Server } from "../server.ts";
import { sshTyped } from "./options.ts";

export function isFull(said: string): boolean {
  return /No space left on device|Disk quota exceeded/.test(said);
}

/** Why there is no line to a server, from what `ssh` said before it gave up. */
export function explainSsh(server: Server, said: string): GreenroomError {
  const { name, ssh, hostKey } = server;
  const detail = said
    .trim()
    .split(/[\r\n]+/)
    .filter(Boolean)
    .slice(-8);
  const who = `${name} (${ssh})`;
  if (/IDENTIFICATION HAS CHANGED|Offending .* key/.test(said)) {
    return new GreenroomError(
      "HOST_KEY_CHANGED",
      `${who} shows another host key than the one that is trusted`,
      {
        hint: `find out why before anything else: somebody may sit in between; greenroom server trust ${name} shows both`,
        detail,
      },
    );
  }
  if (said.includes("Host key verification failed")) {
    return hostKey === null
      ? new GreenroomError("HOST_KEY_UNKNOWN", `nobody has said yet that ${who} is who it says it is`, {
          hint: `greenroom server trust ${name}`,
        })
      : new GreenroomError("HOST_KEY_CHANGED", `${who} shows another host key than greenroom.json pins`, {
          hint: "find out why before anything else: somebody may sit in between",
          detail,
        });
  }
  if (said.includes("Permission denied")) {
    return new GreenroomError("SERVER_REFUSED", `${who} lets nobody in with the keys that ssh offers`, {
      hint: `make this work first: ${sshTyped(server)}`,
      detail,
    });
  }
  if (isFull(said)) {
    return new GreenroomError("DISK_FULL", `the disk of ${who} is full`, {
      hint: `make room there, then give the same command again: ${sshTyped(server)} df -h`,
      detail,
    });
  }
  return new GreenroomError("SERVER_UNREACHABLE", `${who} can't be reached`, {
    hint: `make this work first: ${sshTyped(server)}`,
    detail,
  });
}
