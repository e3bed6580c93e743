import { readJsonIfWhole } from "../../disk/durable.ts";
import type { Finding } from "../../environment/doctor.ts";
import { SIDES, type Side } from "../../environment/sides.ts";
import {
  at,
  type FailingProcess,
  type ProcessState,
  type Site,
  siteName,
  siteOf,
} from "../../environment/site.ts";
import { listSites } from "../../environment/state.ts";
import { isUp } from "./up-state.ts";
import { readLive } from "./want.ts";

/** A process that fails again and again, on a side. */
export interface Failing extends FailingProcess {
  side: Side;
}

/** What the `greenroom up` that runs says of an environment. */
export function readFailing(site: Site): Failing[] {
  return SIDES.flatMap((side) => {
    const state = readJsonIfWhole<ProcessState>(at.processes(site, side));
    return (state?.failing ?? []).map((process) => ({ side, ...process }));
  });
}

export function describeFailing({ times, reason }: Pick<Failing, "times" | "reason">): string {
  return `failed ${times} times in a row: ${reason}`;
}

/** What visitors wait for in vain is broken; of all others somebody should know. */
export function examineProcesses(root: string): Finding[] {
  if (!isUp(root)) return [];
  const sites = listSites(root).map(({ project, environment }) => siteOf(root, project, environment));
  return sites.flatMap((site) => readFailing(site).map((failing) => findingOf(site, failing)));
}

function findingOf(site: Site, failing: Failing): Finding {
  const { name, side, lastLines } = failing;
  return {
    what: `${siteName(site)} ${side} ${name}`,
    state: readLive(site) === side ? "broken" : "note",
    found: describeFailing(failing),
    lines: lastLines.slice(-SHOWN),
    remedy: `less ${at.log(site, `${name}.${side}.log`)}`,
  };
}

/** So many of its last lines are shown to people. */
export const SHOWN = 5;
