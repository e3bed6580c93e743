import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { GreenroomError } from "../errors.ts";
import type { Server } from "../servers/server.ts";
import { knownHostsOf, readHostKey } from "../servers/ssh/host-keys.ts";

interface Asking {
  asks: boolean;
  dryRun: boolean;
  json: boolean;
}

/** The key that a server shows becomes one that the user's SSH knows, once a person has said that it is its own. */
export async function trustServer(server: Server, { asks, dryRun, json }: Asking) {
  const { key, fingerprint, line } = readHostKey(server);
  const known = knownHostsOf(server);
  const mustAsk = asks && !dryRun;
  if (mustAsk && (json || !process.stdin.isTTY)) throw unasked(server.name, fingerprint);
  const trusted = !dryRun && (!mustAsk || (await askToTrust(server, fingerprint)));
  if (trusted) {
    mkdirSync(dirname(known), { recursive: true, mode: 0o700 });
    appendFileSync(known, `${line}\n`, { mode: 0o600 });
  }
  const text = trusted
    ? `${server.name} is trusted, in ${known}: ${fingerprint}\nfor everybody who works on the project, in greenroom.json: "hostKey": "${key}"`
    : `${server.name} shows ${fingerprint}; nothing was changed`;
  return { server: server.name, key, fingerprint, trusted, known, text };
}

async function askToTrust({ name, ssh }: Server, fingerprint: string): Promise<boolean> {
  const wizard = await import("./wizard.ts");
  return wizard.askToTrust(`${name} (${ssh})`, fingerprint);
}

function unasked(name: string, fingerprint: string): GreenroomError {
  return new GreenroomError("HOST_KEY_UNKNOWN", `${name} shows the host key ${fingerprint}`, {
    hint: `compare it with ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there; then greenroom server trust ${name} --yes`,
  });
}
