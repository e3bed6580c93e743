import { readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { orNull } from "../disk/durable.ts";
import { GreenroomError } from "../errors.ts";
import type { Host } from "./host.ts";

/**
 * The same by whatever name, address or path a root is reached, and another for each root at any moment; null where it
 * isn't there yet. Machines that were copied from one another differ in when they started.
 */
export function placeOf(root: string): string | null {
  const stats = orNull(() => statSync(root, { bigint: true }), "ENOENT", "ENOTDIR", "EACCES");
  const started = orNull(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(), "ENOENT");
  return stats && `${started ?? hostname()}:${stats.dev}:${stats.ino}`;
}

/** What is taken from one of two names would be missed by the other. */
export function assertApart(hosts: Pick<Host, "name" | "place">[]): void {
  for (const [i, { name, place }] of hosts.entries()) {
    const same = place === null ? undefined : hosts.slice(0, i).find((one) => one.place === place);
    if (same) {
      throw new GreenroomError("CONFIG_INVALID", `${same.name} and ${name} are one and the same root`, {
        hint: "have greenroom.json name it once; to rename a server, change its name there wherever it stands",
      });
    }
  }
}
