import { existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { isUp } from "../serving/supervisor/up-state.ts";
import type { Looking } from "./seeing.ts";

/** What a machine says of itself. */
export type MachineView = Omit<ReturnType<typeof machineOf>, "received" | "answered">;

export function machineOf({ root, version }: Looking) {
  const received = Date.now();
  const { bavail, blocks, bsize } = statfsSync(firstExisting(root));
  return {
    root,
    /** Whether a `greenroom up` serves the root. */
    up: isUp(root),
    version,
    node: process.versions.node,
    /** Of the root's file system, in bytes. */
    disk: { free: bavail * bsize, size: blocks * bsize },
    received,
    answered: Date.now(),
  };
}

function firstExisting(path: string): string {
  return existsSync(path) ? path : firstExisting(dirname(path));
}
