import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { freePort } from "../test/e2e/load/by-hand.ts";
import { end } from "./serve.ts";

export interface Servers {
  /** As greenroom.json names them. */
  servers: Record<string, { ssh: string; port: number; root: string }>;
  /** What GREENROOM_SSH_CONFIG is to name. */
  config: string;
  stop(): Promise<void>;
}

/** So many servers on addresses of this machine, each with an sshd and a root of its own. */
export async function startServers(dir: string, count: number): Promise<Servers> {
  mkdirSync(dir, { recursive: true });
  // Where it runs as root it wants this folder, which Debian makes when the service starts.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  for (const key of ["user", "host"]) makeKey(join(dir, key));
  const servers: Servers["servers"] = {};
  const running: ChildProcess[] = [];
  for (let i = 1; i <= count; i++) {
    const [address, name] = [`127.0.2.${i}`, `web${i}`];
    const port = await freePort();
    const file = join(dir, `${name}.conf`);
    writeFileSync(file, configOf(dir, address, port));
    running.push(await startSshd(file));
    servers[name] = { ssh: `${userInfo().username}@${address}`, port, root: join(dir, name) };
  }
  const config = join(dir, "ssh_config");
  writeFileSync(config, clientConfig(dir));
  return { servers, config, stop: () => stopAll(running) };
}

function makeKey(file: string): void {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
}

function configOf(dir: string, address: string, port: number): string {
  return `ListenAddress ${address}:${port}
HostKey ${join(dir, "host")}
PidFile none
AuthorizedKeysFile ${join(dir, "user.pub")}
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 200
`;
}

function clientConfig(dir: string): string {
  const known = join(dir, "known_hosts");
  const key = execFileSync("ssh-keygen", ["-y", "-f", join(dir, "host")], { encoding: "utf8" });
  writeFileSync(known, `* ${key}`);
  return `IdentityFile ${join(dir, "user")}
IdentitiesOnly yes
UserKnownHostsFile ${known}
GlobalKnownHostsFile /dev/null
UpdateHostKeys no
`;
}

function startSshd(file: string): Promise<ChildProcess> {
  const child = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", file], { stdio: ["ignore", "ignore", "pipe"] });
  return new Promise((resolve, reject) => {
    child.once("exit", () => reject(new Error(`sshd can't start with ${file}`)));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (text.includes("Server listening")) resolve(child);
    });
  });
}

async function stopAll(running: ChildProcess[]): Promise<void> {
  await Promise.all(running.map(end));
}
