import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isAlive } from "../../disk/alive.ts";
import { orNull } from "../../disk/durable.ts";
import { GreenroomError } from "../../errors.ts";
import { type Nginx, nginxAt } from "./places.ts";

/** The oldest nginx that was tried. */
const OLDEST = [1, 18] as const;
/** Before it, nginx can't refuse names that it has no certificate for. */
const OLDEST_FOR_TLS = [1, 20] as const;

export function findNginx(tls = false): string {
  const program = lookForNginx();
  if (!program) {
    throw new GreenroomError("TOOL_MISSING", "nginx isn't installed", { hint: "apt install nginx" });
  }
  assertRecent(program, tls ? OLDEST_FOR_TLS : OLDEST);
  return program;
}

export function hasNginx(): boolean {
  return lookForNginx() !== undefined;
}

function lookForNginx(): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, "nginx")).find((path) => existsSync(path));
}

function assertRecent(program: string, oldest: readonly [number, number]): void {
  const said = spawnSync(program, ["-v"], { encoding: "utf8" }).stderr ?? "";
  const [, major, minor] = /nginx\/(\d+)\.(\d+)/.exec(said) ?? [];
  if (!major || Number(major) > oldest[0] || Number(minor) >= oldest[1]) return;
  throw new GreenroomError("ROUTER_REFUSED", `nginx ${major}.${minor} is too old`, {
    hint: `install nginx ${oldest.join(".")} or newer`,
  });
}

/** Throws nginx's own words where it refuses the configuration that is on disk; answers them where it only warns. */
export function testConfig({ args }: Nginx): string {
  const { status, stderr } = spawnSync(findNginx(), ["-t", "-q", ...args], { encoding: "utf8" });
  if (status !== 0) throw refused("nginx refuses its configuration", stderr);
  return stderr;
}

function refused(message: string, words: string): GreenroomError {
  const [, closed] = /bind\(\) to (\S+) failed \(13: /.exec(words) ?? [];
  if (closed) {
    return new GreenroomError("ROUTER_REFUSED", `nginx can't listen on ${closed}: this account may not`, {
      hint: "greenroom setup --listen 127.0.0.1:8080, or another port above 1023",
    });
  }
  const [, taken] = /bind\(\) to (\S+) failed \(98: /.exec(words) ?? [];
  if (taken) {
    return new GreenroomError("PORT_TAKEN", `nginx can't listen on ${taken}: the port is in use`, {
      hint: "greenroom setup --listen ADDRESS",
      detail: words.trim().split("\n").slice(-1),
    });
  }
  return new GreenroomError("ROUTER_REFUSED", message, {
    hint: "the configuration before is back in its place; mend what nginx names, then give the command again",
    detail: words.trim().split("\n").slice(-5),
  });
}

/** Its master process, null where it doesn't run. */
export function readPid(nginx: Nginx): number | null {
  const text = orNull(() => readFileSync(nginx.pid, "utf8"), "ENOENT");
  const pid = Number(text?.trim());
  return pid > 0 && isMaster(pid) ? pid : null;
}

/** A pid file may be older than the machine's last start: to whoever has the number now, a signal is the end. */
export function isMaster(pid: number): boolean {
  const title = orNull(() => readFileSync(`/proc/${pid}/cmdline`, "latin1"), "ENOENT", "ESRCH");
  return isAlive(pid) && (title?.startsWith("nginx: master") ?? false);
}

/** Whether it is one of Greenroom's own that serves this root. */
export function isMasterOf(pid: number, root: string): boolean {
  const title = orNull(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"), "ENOENT", "ESRCH") ?? "";
  return title.startsWith("nginx: master") && title.includes(`-c ${nginxAt.main(root)}`);
}

/** With 2,000 environments a test and a reload together took up to 14 s on a busy machine. Refusals are seen in its words. */
const PATIENCE = 120_000;

/** Makes a running nginx take up its configuration; resolves once new requests are answered by it. */
export async function reload(nginx: Nginx): Promise<void> {
  const pid = readPid(nginx);
  if (pid === null) return;
  const before = childrenOf(pid);
  const logged = errorsSince(nginx, 0).length;
  process.kill(pid, "SIGHUP");
  for (let waited = 0; waited < PATIENCE; waited += 10) {
    // It ended meanwhile, as with a `greenroom up` that ends: the next one reads all of it.
    if (!isMaster(pid)) return;
    const now = childrenOf(pid);
    const isNew = now.some((child) => !before.includes(child));
    // One that is about to end takes no new connections.
    if (isNew && before.every((child) => !now.includes(child) || isEnding(child))) return;
    const words = errorsSince(nginx, logged);
    if (words.includes("[emerg]")) throw refused("nginx could not take up its configuration", words);
    await pause(10);
  }
  throw refused("nginx did not take up its configuration", errorsSince(nginx, logged));
}

function isEnding(child: string): boolean {
  const title = orNull(() => readFileSync(`/proc/${child}/cmdline`, "latin1"), "ENOENT", "ESRCH");
  return title === null || title.includes("shutting down");
}

export function childrenOf(pid: number): string[] {
  const text = orNull(() => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8"), "ENOENT", "ESRCH");
  return (text ?? "").split(" ").filter(Boolean);
}

function errorsSince(nginx: Nginx, length: number): string {
  return (orNull(() => readFileSync(nginx.errors, "latin1"), "ENOENT") ?? "").slice(length);
}
