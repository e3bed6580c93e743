import { setTimeout as pause } from "node:timers/promises";
import { other } from "../../../src/environment/sides.ts";
import { siteOf } from "../../../src/environment/site.ts";
import { moveTraffic, readTraffic, sweepGenerations } from "../../../src/environment/traffic.ts";

/** The one step of a switch that visitors notice, with all that it moves and sweeps, as often as wanted. */
export async function switchOften(root: string, times: number): Promise<void> {
  const site = siteOf(root, "load", "production");
  for (let i = 0; i < times; i++) {
    const { generation, live } = readTraffic(site)!;
    moveTraffic(site, { generation: generation + 1, live: other(live), share: 0 });
    sweepGenerations(site);
    await pause(5);
  }
}
