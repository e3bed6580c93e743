import { existsSync, rmSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { readJsonIfWhole } from "../../disk/durable.ts";
import { at, type Identity, type Site, siteName, siteOf } from "../../environment/site.ts";
import { listSites } from "../../environment/state.ts";
import { ROLES, rolesServed } from "../../environment/tls/tls.ts";
import type { Keeping } from "../keeping.ts";
import { tlsPortOf } from "../machine-file.ts";
import { nginxAt } from "../nginx/places.ts";
import { createNginxRouter } from "../nginx/router.ts";
import { followGiven } from "./given.ts";
import { clearLeftRecords } from "./records.ts";
import { isDue, renew } from "./renew.ts";

const LOOK = 3000;

/** Certificates of all environments are got and renewed, until the signal. */
export async function keepCertificates(keeping: Keeping): Promise<void> {
  const { root, machine, signal } = keeping;
  if (tlsPortOf(machine) === null) return;
  // Of an order that was cut short.
  rmSync(nginxAt.challenges(root), { recursive: true, force: true });
  await clearLeftRecords(keeping);
  const memories = new Map<string, Memory>();
  while (!signal.aborted) {
    for (const { project, environment } of listSites(root)) {
      const site = siteOf(root, project, environment);
      const memory = memories.get(site.dir) ?? { told: "", served: "" };
      memories.set(site.dir, memory);
      if (!signal.aborted) await keepAndTell(keeping, site, memory);
    }
    await pause(LOOK, null, { signal }).catch(() => {});
  }
}

interface Memory {
  /** Said once, not every few seconds. */
  told: string;
  /** What the router was last told of. */
  served: string;
}

async function keepAndTell(keeping: Keeping, site: Site, memory: Memory): Promise<void> {
  const trouble = await keepOne(keeping, site, memory).catch((error: unknown) => (error as Error).message);
  if (trouble && trouble !== memory.told) {
    keeping.emit({ event: "warning", text: `${siteName(site)}: ${trouble}` });
  }
  memory.told = trouble ?? "";
}

/** Answers what isn't well, in words. */
async function keepOne(keeping: Keeping, site: Site, memory: Memory): Promise<string | null> {
  const { root, machine } = keeping;
  const identity = readJsonIfWhole<Identity>(at.identity(site));
  if (!identity?.tls || !existsSync(nginxAt.site(site))) return null;
  const { domain } = identity;
  const router = createNginxRouter(root, machine);
  const settle = async () => {
    const served = JSON.stringify([domain, rolesServed(site, identity)]);
    // A first certificate changes what nginx is told; a newer one doesn't.
    if (served !== memory.served) await router.settle(site);
    memory.served = served;
  };
  const troubles = [await followGiven(site, identity, router)];
  for (const role of ROLES.filter((one) => identity.tls?.[one] === "acme")) {
    const wanted = { site, domain, role };
    // The next one may take its time, and visitors needn't wait for it.
    await settle();
    if (isDue(wanted, machine.acme, new Date())) troubles.push(await renew(keeping, wanted, router));
  }
  await settle();
  return troubles.filter((trouble) => trouble !== null).join("; ") || null;
}
