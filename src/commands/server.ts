import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { GreenroomError } from "../errors.ts";
import { findServer } from "../servers/find-server.ts";
import { knownHostsOf, readHostKey } from "../servers/ssh/host-keys.ts";
import { defineCommand, flag } from "./command.ts";

export default defineCommand({
  words: ["<verb>", "<server>"],
  options: { yes: flag("trust the key without being asked: you have compared it") },
  changes: true,
  examples: ["greenroom server trust web1", "greenroom server trust web1 --dry-run"],
  async run({ app, words: [verb, name], options, dryRun, json }) {
    if (verb !== "trust") throw unknownVerb(verb!);
    const server = findServer(app.project().file, name!);
    const { key, fingerprint, line } = readHostKey(server);
    const known = knownHostsOf(server);
    const asks = !options.yes && !dryRun;
    if (asks && (json || !process.stdin.isTTY)) throw unasked(server.name, fingerprint);
    const trusted =
      !dryRun &&
      (!asks ||
        (await (await import("./wizard.ts")).askToTrust(`${server.name} (${server.ssh})`, fingerprint)));
    if (trusted) append(known, line);
    return { server: server.name, key, fingerprint, trusted, known };
  },
  render: ({ server, fingerprint, key, trusted, known }) =>
    trusted
      ? `${server} is trusted, in ${known}: ${fingerprint}\nfor everybody who works on the project, in greenroom.json: "hostKey": "${key}"`
      : `${server} shows ${fingerprint}; nothing was changed`,
});

function append(known: string, line: string): void {
  mkdirSync(dirname(known), { recursive: true, mode: 0o700 });
  appendFileSync(known, `${line}\n`, { mode: 0o600 });
}

function unasked(name: string, fingerprint: string): GreenroomError {
  return new GreenroomError("HOST_KEY_UNKNOWN", `${name} shows the host key ${fingerprint}`, {
    hint: `compare it with ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there; then greenroom server trust ${name} --yes`,
  });
}

function unknownVerb(verb: string): GreenroomError {
  return new GreenroomError("USAGE", `there is no greenroom server ${verb}`, {
    hint: "greenroom server trust SERVER",
  });
}
