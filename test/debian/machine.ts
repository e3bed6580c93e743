import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { onTestFinished } from "vitest";
import type { Page } from "../e2e/ask.ts";
import { makeKey, publicKey } from "../hosts.ts";
import { until } from "../processes/program.ts";
import { bareDebian, type Suite } from "./archive.ts";
import { forward } from "./forward.ts";

/** A bare Debian with processes and a network of its own, which nobody gets into but by its sshd. */
export interface Debian {
  /** What greenroom.json's `ssh` may name, and what GREENROOM_SSH_CONFIG is to name for it. */
  address: string;
  config: string;
  /** Runs a program on it as root, past its sshd; answers what that wrote. */
  sh(line: string): string;
  /** Holds a file's lock as apt does. */
  hold(file: string): Promise<{ letGo(): void }>;
  /** All files but those that it would lose with a restart, one a line: names, owners, modes, contents. */
  snapshot(): string[];
  /** What a visitor is answered there. */
  ask(host: string, path?: string): Promise<Page>;
}

const ADDRESS = "127.0.3.1";
const APT_PROXY = 3142;

export async function startDebian(suite: Suite = "bookworm"): Promise<Debian> {
  const dir = mkdtempSync(join(tmpdir(), "greenroom-bare-"));
  for (const folder of ["upper", "work", "all"]) mkdirSync(join(dir, folder));
  const init = await startInit(dir, await bareDebian(suite), INITS[suite]);
  const target = childOf(init.pid!);
  let proxy: HttpServer | undefined;
  onTestFinished(async () => {
    proxy?.closeAllConnections();
    proxy?.close();
    init.kill("SIGKILL");
    await once(init, "close");
    rmSync(dir, { recursive: true });
  });
  const inside = ["nsenter", `--target=${target}`, "--mount", "--pid", "--net", "--root", "--wd", "--"];
  const sh: Debian["sh"] = (line) =>
    execFileSync(inside[0]!, [...inside.slice(1), "sh", "-c", line], {
      encoding: "utf8",
      maxBuffer: 64 << 20,
    });
  const net = ["nsenter", `--target=${target}`, "--net", "--"];
  proxy = await startProxy(net);
  makeKey(join(dir, "user"));
  sh(`umask 077
mkdir -p /root/.ssh && echo '${publicKey(join(dir, "user"))}' >/root/.ssh/authorized_keys
echo 'Acquire::http::Proxy "http://127.0.0.1:${APT_PROXY}";' >/etc/apt/apt.conf.d/proxy
chmod 0644 /etc/apt/apt.conf.d/proxy`);
  if (suite === "trixie") await until("systemd has started sshd", () => isListening(sh));
  else await startSshd(inside);
  return {
    address: ADDRESS,
    config: writeConfig(dir, net, sh("cat /etc/ssh/ssh_host_ed25519_key.pub")),
    sh,
    hold: holderOf(inside),
    snapshot: () => sh(SNAPSHOT).split("\n"),
    ask: askerOf(net),
  };
}

/** Perl reaps what others leave, as an init does. */
const INITS: Record<Suite, string> = {
  bookworm: "perl -e '$SIG{CHLD} = \"IGNORE\"; sleep'",
  trixie: "/sbin/init",
};

/** Ends with us, whatever our end is, and everything in it with it. */
async function startInit(dir: string, debian: string, command: string): Promise<ChildProcess> {
  const script = `set -e
cd ${dir}
mount -t overlay overlay -o lowerdir=${debian},upperdir=upper,workdir=work all
mount -t proc proc all/proc
mount -t sysfs sysfs all/sys
mount -t cgroup2 cgroup2 all/sys/fs/cgroup
for folder in dev run tmp; do mount -t tmpfs tmpfs all/$folder; done
for device in null zero full random urandom tty; do
  touch all/dev/$device
  mount --bind /dev/$device all/dev/$device
done
mkdir -p all/dev/pts all/dev/shm all/run/sshd all/run/lock
mount -t devpts devpts all/dev/pts -o newinstance,ptmxmode=0666
ln -s pts/ptmx all/dev/ptmx
ln -s /proc/self/fd all/dev/fd
ip link set lo up
echo ready
export container=test
exec chroot all ${command}`;
  const namespaces = ["--mount", "--pid", "--net", "--cgroup", "--ipc", "--uts", "--fork", "--kill-child"];
  const argv = ["--pdeathsig=KILL", "unshare", ...namespaces, "sh", "-c", script];
  const init = spawn("setpriv", argv, { stdio: ["ignore", "pipe", "inherit"] });
  await once(init.stdout!, "data");
  init.stdout!.resume();
  return init;
}

function isListening(sh: Debian["sh"]): boolean {
  return sh("systemctl is-active ssh 2>/dev/null || true").trim() === "active";
}

function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8"));
}

async function startSshd(inside: string[]): Promise<void> {
  const argv = [...inside.slice(1), "/usr/sbin/sshd", "-D", "-e", "-o", `ListenAddress=${ADDRESS}`];
  const child = spawn(inside[0]!, argv, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await until("sshd listens", () => {
    if (child.exitCode !== null) throw new Error(said);
    return said.includes("Server listening");
  });
}

function writeConfig(dir: string, net: string[], hostKey: string): string {
  const known = join(dir, "known_hosts");
  writeFileSync(known, `${ADDRESS} ${hostKey.split(" ").slice(0, 2).join(" ")}\n`);
  const config = join(dir, "ssh_config");
  const dial = [...net, process.execPath, resolve("test/debian/dial.mjs"), ADDRESS, "22"];
  writeFileSync(
    config,
    `ProxyCommand ${dial.join(" ")}
IdentityFile ${join(dir, "user")}
IdentitiesOnly yes
UserKnownHostsFile ${known}
GlobalKnownHostsFile /dev/null
UpdateHostKeys no
`,
  );
  return config;
}

/** Its apt has the archive by way of us, from a socket that was made in its network. */
async function startProxy(net: string[]): Promise<HttpServer> {
  const argv = [...net.slice(1), process.execPath, resolve("test/debian/listen.mjs"), String(APT_PROXY)];
  const child = spawn(net[0]!, argv, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const [, socket] = (await once(child, "message")) as [unknown, object];
  return createServer(forward).listen(socket);
}

function holderOf(inside: string[]): Debian["hold"] {
  return async (file) => {
    // F_SETLK of a struct flock: F_WRLCK of all of it.
    const program = `$lock = pack("s s x4 q q i x4", 1, 0, 0, 0, 0);
open(F, "+>>", $ARGV[0]) && fcntl(F, 6, $lock) or die $!;
$| = 1; print "held"; 1 while <STDIN>`;
    const argv = [...inside.slice(1), "perl", "-e", program, file];
    const child = spawn(inside[0]!, argv, { stdio: ["pipe", "pipe", "inherit"] });
    const [said] = (await once(child.stdout!, "readable").then(() => [child.stdout!.read()])) as [unknown];
    if (said === null) throw new Error(`${file} can't be held`);
    return { letGo: () => child.stdin!.end() };
  };
}

/** The lines of two snapshots that only one of them has. */
export function differences(before: string[], after: string[]): string[] {
  const [old, now] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !now.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ];
}

const SNAPSHOT = `find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp \\) -prune -o \\
  -printf '%p %y %m %u %g %l\\n' -type f -exec sha256sum {} + | sort`;

function askerOf(net: string[]): Debian["ask"] {
  return async (host, path = "/") => {
    const question = JSON.stringify({ host, path, port: 80 });
    const argv = [...net.slice(1), process.execPath, resolve("test/e2e/ask-client.mjs"), question];
    const child = spawn(net[0]!, argv, { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    for await (const chunk of child.stdout.setEncoding("utf8")) said += chunk;
    return JSON.parse(said) as Page;
  };
}
