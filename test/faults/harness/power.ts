import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { lacks, openBench, ROOT } from "./machine.ts";
import { mount, sh } from "./mounts.ts";

const MAKE = {
  ext4: { program: "mkfs.ext4", size: "48M", options: ["-q", "-F"] },
  // Newer versions make none smaller.
  xfs: { program: "mkfs.xfs", size: "320M", options: ["-q", "-f"] },
};

export type FileSystem = keyof typeof MAKE;
export const FILE_SYSTEMS = Object.keys(MAKE) as FileSystem[];

/** Null where such a file system's power can be cut, else why not. */
export function lacksPowerCuts(kind: FileSystem): string | null {
  const missing = ROOT
    ? (lacks(MAKE[kind].program, ["-V"]) ?? lacks("perl"))
    : "only root can mount file systems";
  if (missing) return missing;
  const bench = openBench();
  try {
    const disk = openDisk(kind, bench.dir);
    const cut = trySwitchOff(disk.at, true);
    disk.close();
    return cut ? null : "the file system knows no shutdown";
  } catch (error) {
    return `no ${kind} in a file can be mounted: ${String(error)}`;
  } finally {
    bench.remove();
  }
}

export interface Disk {
  at: string;
  /** From now on nothing reaches the disk. With `flushed` the file system's log does, files' contents don't. */
  cut(flushed: boolean): void;
  /** What a machine that starts again does: the file system is as its log says. */
  restart(): void;
  close(): void;
}

/** A file system in a file. */
export function openDisk(kind: FileSystem, dir: string): Disk {
  const { program, size, options } = MAKE[kind];
  const [image, at] = [join(dir, "disk.img"), join(dir, "disk")];
  mkdirSync(dir, { recursive: true });
  sh("truncate", "-s", size, image);
  sh(program, ...options, image);
  const on = () => mount(at, ["-o", "loop", image]);
  let mounted = on();
  return {
    at,
    cut(flushed) {
      if (!trySwitchOff(at, flushed)) throw new Error(`${at} can't be shut down`);
    },
    restart() {
      mounted.unmount();
      mounted = on();
    },
    close: () => mounted.unmount(),
  };
}

// The ioctl of `xfs_io -x -c shutdown`, which ext4 knows, too.
function trySwitchOff(at: string, flushed: boolean): boolean {
  const script = `open(my $f, "<", $ARGV[0]) or exit 1; my $how = pack("L", ${flushed ? 1 : 2}); ioctl($f, 0x8004587d, $how) or exit 1`;
  return spawnSync("perl", ["-e", script, at]).status === 0;
}
