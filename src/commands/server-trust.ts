import { GreenroomError } from "../errors.ts";
import type { Server } from "../servers/server.ts";
import { fingerprintOf, type HostKey, readHostKey } from "../servers/ssh/host-keys.ts";
import { knownHostsOf, readFormerKey, writeTrusted } from "../servers/ssh/known-hosts.ts";

interface Asking {
  asks: boolean;
  dryRun: boolean;
  json: boolean;
}

/** The key that a server shows becomes one that the user's SSH knows, once a person has said that it is its own. */
export async function trustServer(server: Server, { asks, dryRun, json }: Asking) {
  const shown = readHostKey(server);
  assertPinned(server, shown);
  const known = knownHostsOf(server);
  const former = readFormerKey(known, shown);
  const mustAsk = asks && !dryRun;
  if (mustAsk && (json || !process.stdin.isTTY)) throw unasked(server.name, shown, former);
  const trusted = !dryRun && (!mustAsk || (await askToTrust(server, shown, former)));
  if (trusted) writeTrusted(known, shown);
  const { key, fingerprint } = shown;
  const replaced = trusted ? former : null;
  const text = trusted
    ? [
        `${server.name} is trusted, in ${known}: ${fingerprint}`,
        ...(replaced === null ? [] : [`the key that was trusted before is no more: ${replaced}`]),
        `for everybody who works on the project, in greenroom.json: "hostKey": "${key}"`,
      ].join("\n")
    : `${server.name} shows ${fingerprint}${insteadOf(former)}; nothing was changed`;
  return { server: server.name, key, fingerprint, trusted, replaced, known, text };
}

/** What greenroom.json says counts for everybody, so it is changed there or not at all. */
function assertPinned({ name, hostKey }: Server, { key, fingerprint }: HostKey): void {
  if (hostKey === null || hostKey === key) return;
  throw new GreenroomError(
    "HOST_KEY_CHANGED",
    `${name} shows the host key ${fingerprint}, and greenroom.json pins ${fingerprintOf(hostKey)}`,
    { hint: `find out why; if it was made anew, change "hostKey" of ${name} in greenroom.json` },
  );
}

async function askToTrust({ name, ssh }: Server, shown: HostKey, former: string | null): Promise<boolean> {
  const wizard = await import("./wizard.ts");
  return wizard.askToTrust(`${name} (${ssh})`, shown.fingerprint + insteadOf(former));
}

function unasked(name: string, { fingerprint }: HostKey, former: string | null): GreenroomError {
  const code = former === null ? "HOST_KEY_UNKNOWN" : "HOST_KEY_CHANGED";
  const doubt = former === null ? "" : "find out why it has another one; ";
  return new GreenroomError(code, `${name} shows the host key ${fingerprint}${insteadOf(former)}`, {
    hint: `${doubt}compare it with ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there; then greenroom server trust ${name} --yes`,
  });
}

function insteadOf(former: string | null): string {
  return former === null ? "" : `; until now ${former} was trusted`;
}
