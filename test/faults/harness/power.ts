import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { lacks, openBench, ROOT } from "./machine.ts";
import { mount, sh } from "./mounts.ts";

/** Null where a file system's power can be cut, else why not. */
export function lacksPowerCuts(): string | null {
  const missing = ROOT ? (lacks("mkfs.ext4", ["-V"]) ?? lacks("perl")) : "only root can mount file systems";
  if (missing) return missing;
  const bench = openBench();
  try {
    const disk = openDisk(bench.dir);
    const cut = trySwitchOff(disk.at, true);
    disk.close();
    return cut ? null : "the file system knows no shutdown";
  } catch (error) {
    return `no loop device can be mounted: ${String(error)}`;
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

/** An ext4 in a file. */
export function openDisk(dir: string): Disk {
  const [image, at] = [join(dir, "disk.img"), join(dir, "disk")];
  mkdirSync(dir, { recursive: true });
  sh("truncate", "-s", "48M", image);
  sh("mkfs.ext4", "-q", "-F", image);
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

// The ioctl of `xfs_io -x -c shutdown`, which ext4 knows too.
function trySwitchOff(at: string, flushed: boolean): boolean {
  const script = `open(my $f, "<", $ARGV[0]) or exit 1; my $how = pack("L", ${flushed ? 1 : 2}); ioctl($f, 0x8004587d, $how) or exit 1`;
  return spawnSync("perl", ["-e", script, at]).status === 0;
}
