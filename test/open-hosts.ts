import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { Server } from "../src/servers/server.ts";
import { freePort } from "./free-port.ts";
import { until } from "./processes/program.ts";

const SSHD = "/usr/sbin/sshd";
export const hasSshd = existsSync(SSHD);

export interface Hosts {
  servers: Server[];
  /** What GREENROOM_SSH_CONFIG is to name. */
  config: string;
  /** Gives a server a new host key, as a stranger in its place would have. */
  impersonate(name: string): Promise<void>;
  /** Takes no more connections; those that are there go on. */
  stop(name: string): Promise<void>;
  /** The same, and all connections end at once. */
  kill(name: string): Promise<void>;
  start(name: string): Promise<void>;
}

export interface OpenHosts extends Hosts {
  close(): Promise<void>;
}

/** Servers of one's own, each on an address and a root of its own, that whoever opens them may log in to. */
export async function openHosts(count: number, { trusted = true } = {}): Promise<OpenHosts> {
  const dir = mkdtempSync(join(tmpdir(), "gr-hosts-"));
  const running = new Map<string, ChildProcess>();
  makeKey(join(dir, "user"));
  const servers: Server[] = [];
  const known: string[] = [];
  for (let i = 1; i <= count; i++) {
    const address = `127.0.1.${i}`;
    const port = await freePort(address);
    const name = `web${i}`;
    const own = join(dir, name);
    mkdirSync(own);
    makeKey(join(own, "host"));
    writeFileSync(join(own, "sshd_config"), sshdConfig(dir, own, address, port));
    running.set(name, await startSshd(own, address, port));
    known.push(`[${address}]:${port} ${publicKey(join(own, "host"))}`);
    const root = join(own, "root");
    servers.push({ name, ssh: `${userInfo().username}@${address}`, port, root, hostKey: null });
  }
  writeFileSync(join(dir, "known_hosts"), trusted ? `${known.join("\n")}\n` : "");
  const config = join(dir, "ssh_config");
  writeFileSync(
    config,
    `IdentityFile ${join(dir, "user")}
IdentitiesOnly yes
UserKnownHostsFile ${join(dir, "known_hosts")}
GlobalKnownHostsFile /dev/null
UpdateHostKeys no
`,
  );
  const stop = async (name: string) => end(running.get(name)!);
  const start = async (name: string) => {
    const { port } = servers.find((server) => server.name === name)!;
    running.set(name, await startSshd(join(dir, name), `127.0.1.${name.slice(3)}`, port!));
  };
  return {
    servers,
    config,
    stop,
    start,
    async kill(name) {
      const { pid } = running.get(name)!;
      const sessions = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
      await stop(name);
      for (const session of sessions) process.kill(Number(session), "SIGKILL");
    },
    async close() {
      for (const child of running.values()) await end(child);
      rmSync(dir, { recursive: true, force: true });
    },
    async impersonate(name) {
      await stop(name);
      const own = join(dir, name);
      for (const file of ["host", "host.pub"]) rmSync(join(own, file));
      makeKey(join(own, "host"));
      await start(name);
    },
  };
}

export function makeKey(file: string): void {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
}

export function publicKey(file: string): string {
  return readFileSync(`${file}.pub`, "utf8").split(" ").slice(0, 2).join(" ").trim();
}

function sshdConfig(dir: string, own: string, address: string, port: number): string {
  return `ListenAddress ${address}:${port}
HostKey ${join(own, "host")}
PidFile none
AuthorizedKeysFile ${join(dir, "user.pub")} ${join(own, ".ssh/authorized_keys")}
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 200
SetEnv HOME=${own}
`;
}

async function startSshd(own: string, address: string, port: number): Promise<ChildProcess> {
  // Where it runs as root it wants this folder, which Debian makes when the service starts.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const child = spawn(SSHD, ["-D", "-e", "-f", join(own, "sshd_config")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await until(`sshd listens on ${address}:${port}`, () => {
    if (child.exitCode !== null) throw new Error(said);
    return said.includes("Server listening");
  });
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
}
