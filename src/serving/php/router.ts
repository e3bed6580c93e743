import type { Router } from "../../environment/parts.ts";
import type { Emit } from "../../events.ts";
import type { Machine } from "../machine.ts";
import type { Listener } from "../up.ts";
import { type Master, startMaster } from "./master.ts";
import { type Fpm, findFpm, fpmOf } from "./places.ts";
import { dropPools, forgetPools, settleAllPools, settlePools } from "./pools.ts";

/** nginx, and PHP-FPM told of the same: its pools are there before a request can come to them. */
export function withPhp(root: string, { unprivileged }: Machine, router: Router): Router {
  const fpm = fpmIfThere(root, unprivileged);
  if (!fpm) return router;
  return {
    ...router,
    async settle(site) {
      await settlePools(fpm, site);
      await router.settle(site);
    },
    async forget(site) {
      await router.forget(site);
      await forgetPools(fpm, site);
    },
  };
}

/** A listener with a PHP-FPM of Greenroom's own beside it. */
export function besidePhp(root: string, listener: Listener, emit: Emit): Listener {
  const fpm = fpmIfThere(root, true);
  if (!fpm) return listener;
  let master: Master | null = null;
  return {
    async listen(where) {
      master = await startMaster(root, fpm, emit);
      try {
        return await listener.listen(where);
      } catch (error) {
        await master.close();
        throw error;
      }
    },
    async close(drain) {
      await listener.close(drain);
      await master?.close();
    },
  };
}

/** Tells the machine's PHP-FPM of a root that it is to serve, or is to serve no more. */
export async function tellPhp(root: string, machine: Machine | null): Promise<void> {
  const fpm = fpmIfThere(root, false);
  if (!fpm) return;
  const serves = machine?.router === "nginx" && !machine.unprivileged;
  await (serves ? settleAllPools(fpm, root) : dropPools(fpm, root));
}

/** Sites without PHP need none; those with it say that it is missing when they are staged. */
function fpmIfThere(root: string, unprivileged: boolean): Fpm | null {
  return findFpm() && fpmOf(root, unprivileged);
}
