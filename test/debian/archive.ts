import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { has } from "../certificates.ts";

const MIRROR = "http://deb.debian.org/debian";

/** One whose Node.js is too old for Greenroom, without systemd; and one with it, and with a Node.js that will do. */
export type Suite = "bookworm" | "trixie";

const PACKAGES: Record<Suite, string[]> = {
  bookworm: ["openssh-server", "sudo", "iproute2"],
  trixie: ["openssh-server", "iproute2", "systemd-sysv", "dbus"],
};

/** Null where a bare Debian can be had, else why not. */
export function lacksDebian(): string | null {
  if (process.getuid?.() !== 0) return "only root has machines";
  const missing = ["debootstrap", "unshare", "nsenter", "setpriv", "ip", "ssh"].filter(
    (program) => !has(program),
  );
  if (missing.length > 0) return `needs ${missing.join(", ")}`;
  const trial = ["--mount", "--net", "--cgroup", "mount", "-t", "cgroup2", "cgroup2", "/mnt"];
  if (spawnSync("unshare", trial).status !== 0) return "there can be no namespaces here";
  return isReachable() ? null : `${MIRROR} can't be reached`;
}

function isReachable(): boolean {
  const ask = `fetch("${MIRROR}/dists/bookworm/Release", { method: "HEAD" }).then((r) => process.exit(r.ok ? 0 : 1))`;
  try {
    execFileSync(process.execPath, ["-e", ask], { stdio: "ignore", timeout: 15_000 });
    return true;
  } catch {
    return false;
  }
}

/** A folder with a bare Debian that nobody changes; it is made once, and stays in the folder for temporary files. */
export async function bareDebian(suite: Suite): Promise<string> {
  const kept = join(tmpdir(), `greenroom-debian-${suite}`);
  if (existsSync(kept)) return kept;
  const made = mkdtempSync(`${kept}-`);
  const options = ["--variant=minbase", `--include=${PACKAGES[suite].join(",")}`];
  const child = spawn("debootstrap", [...options, suite, made, MIRROR], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4000);
  });
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) {
    rmSync(made, { recursive: true });
    throw new Error(said);
  }
  try {
    renameSync(made, kept);
  } catch {
    // Another run was faster.
    rmSync(made, { recursive: true });
  }
  return kept;
}
