import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { ROOT } from "./machine.ts";

/** Null where file systems can be mounted, else why not. */
export function lacksMounts(): string | null {
  if (!ROOT) return "only root can mount file systems";
  const tried = spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
  return tried.status === 0 ? null : "file systems can't be mounted here";
}

export interface Mount {
  unmount(): void;
}

/** A small file system in memory, mounted at a folder that is made for it. */
export function mountMemory(at: string, size: string, inodes: number): Mount {
  return mount(at, ["-t", "tmpfs", "-o", `size=${size},nr_inodes=${inodes},mode=755`, "tmpfs"]);
}

export function mount(at: string, args: string[]): Mount {
  mkdirSync(at, { recursive: true });
  sh("mount", ...args, at);
  return { unmount: () => sh("umount", at) };
}

export function sh(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr}`);
}
