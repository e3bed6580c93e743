import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { has } from "../certificates.ts";

/** Its Node.js is too old for Greenroom, as on most servers of today. */
const SUITE = "bookworm";
const MIRROR = "http://deb.debian.org/debian";
const INCLUDED = ["openssh-server", "sudo", "iproute2"];

/** Null where a bare Debian can be had, else why not. */
export function lacksDebian(): string | null {
  if (process.getuid?.() !== 0) return "only root has machines";
  const missing = ["debootstrap", "unshare", "nsenter", "ip", "ssh"].filter((program) => !has(program));
  if (missing.length > 0) return `needs ${missing.join(", ")}`;
  return isReachable() ? null : `${MIRROR} can't be reached`;
}

function isReachable(): boolean {
  const ask = `fetch("${MIRROR}/dists/${SUITE}/Release", { method: "HEAD" }).then((r) => process.exit(r.ok ? 0 : 1))`;
  try {
    execFileSync(process.execPath, ["-e", ask], { stdio: "ignore", timeout: 15_000 });
    return true;
  } catch {
    return false;
  }
}

/** A folder with a bare Debian that nobody changes; it is made once, and stays in the folder for temporary files. */
export async function bareDebian(): Promise<string> {
  const kept = join(tmpdir(), `greenroom-debian-${SUITE}`);
  if (existsSync(kept)) return kept;
  const made = mkdtempSync(`${kept}-`);
  const options = ["--variant=minbase", `--include=${INCLUDED.join(",")}`];
  const child = spawn("debootstrap", [...options, SUITE, made, MIRROR], {
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
