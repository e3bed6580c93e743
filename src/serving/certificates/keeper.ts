import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { readJsonIfWhole } from "../../disk/durable.ts";
import { at, type Identity, type Site, siteName, siteOf } from "../../environment/site.ts";
import { listSites } from "../../environment/state.ts";
import type { Emit } from "../../events.ts";
import { type Machine, tlsPortOf } from "../machine.ts";
import { nginxAt } from "../nginx/places.ts";
import { createNginxRouter } from "../nginx/router.ts";
import type { Listener } from "../up.ts";
import { followGiven } from "./given.ts";
import { isDue, renew } from "./renew.ts";

export interface Keeping {
  root: string;
  machine: Machine;
  emit: Emit;
  /** Aborted when `greenroom up` ends. */
  signal: AbortSignal;
}

/** While the listener listens, certificates of all environments are got and renewed. */
export function keepCertificates(listener: Listener, to: Omit<Keeping, "signal">): Listener {
  const end = new AbortController();
  let kept: Promise<void> | undefined;
  return {
    async listen(where) {
      const listening = await listener.listen(where);
      kept = keep({ ...to, signal: end.signal });
      return listening;
    },
    async close(drain) {
      end.abort();
      await listener.close(drain);
      await kept;
    },
  };
}

const LOOK = 3000;

async function keep(keeping: Keeping): Promise<void> {
  const { root, machine, emit, signal } = keeping;
  if (tlsPortOf(machine) === null) return;
  const troubles = new Map<string, string>();
  while (!signal.aborted) {
    for (const { project, environment } of listSites(root)) {
      const site = siteOf(root, project, environment);
      const trouble = await keepOne(keeping, site).catch((error: Error) => error.message);
      // Said once, not every few seconds.
      if (trouble && trouble !== troubles.get(site.dir)) {
        emit({ event: "warning", text: `${siteName(site)}: ${trouble}` });
      }
      troubles.set(site.dir, trouble ?? "");
    }
    await pause(LOOK, null, { signal }).catch(() => {});
  }
}

/** Answers what isn't well, in words. */
async function keepOne(keeping: Keeping, site: Site): Promise<string | null> {
  const { root, machine, signal } = keeping;
  const identity = readJsonIfWhole<Identity>(at.identity(site));
  if (!identity?.tls || !existsSync(nginxAt.site(site)) || signal.aborted) return null;
  const router = createNginxRouter(root, machine);
  const trouble = await followGiven(site, identity, router);
  if (identity.tls.own !== "acme" || !isDue(site, identity.domain, machine.acme, new Date())) return trouble;
  return (await renew(keeping, site, identity.domain, router)) ?? trouble;
}
