import { existsSync } from "node:fs";
import type { Server } from "node:http";
import { dirname } from "node:path";
import { GreenroomError } from "../../errors.ts";
import type { Emit } from "../../events.ts";
import type { Doors } from "../machine.ts";
import type { Listener } from "../up.ts";
import { changeNginx } from "./change.ts";
import { readConfig } from "./config.ts";
import { startHolder } from "./holder.ts";
import { INCLUDE } from "./include.ts";
import { type Nginx, nginxOf, portOf } from "./places.ts";
import { readPid } from "./program.ts";
import { planSites } from "./router.ts";

/** The machine's own nginx, which listens by itself: `greenroom up` is there for those who wait. */
export function createMachinesNginx(root: string, doors: Doors, emit: Emit): Listener {
  const nginx = nginxOf(root, false);
  let holder: Server | null = null;
  return {
    async listen() {
      assertRunning(nginx);
      // Another version of Greenroom may have written them, or nobody, where the root was moved here.
      await changeNginx(root, nginx, () => planSites(root, doors, emit));
      holder = await startHolder(root, emit);
      return { port: portOf(doors.listen[0]!) };
    },
    async close() {
      holder?.close();
      holder?.closeAllConnections();
    },
  };
}

export function assertRunning(nginx: Nginx): void {
  if (readPid(nginx) !== null) return;
  throw new GreenroomError("ROUTER_REFUSED", `the machine's nginx doesn't run: ${nginx.pid} names none`, {
    hint: "systemctl start nginx",
  });
}

/** Throws unless nginx reads what was written for it. */
export function assertRead(): void {
  if (readConfig().files.has(INCLUDE)) return;
  throw notRead();
}

/** Throws where it can't read that, whatever it is. */
export function assertReadable(): void {
  if (!existsSync(dirname(INCLUDE))) throw notRead();
}

function notRead(): GreenroomError {
  return new GreenroomError("ROUTER_REFUSED", `the machine's nginx doesn't read ${INCLUDE}`, {
    hint: `add to the http block of /etc/nginx/nginx.conf: include ${dirname(INCLUDE)}/*.conf;`,
  });
}
