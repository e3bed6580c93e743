import type { Server } from "node:http";
import { GreenroomError } from "../../errors.ts";
import type { Listener } from "../up.ts";
import { startHolder } from "./holder.ts";
import { nginxOf, portOf } from "./places.ts";
import { readPid } from "./program.ts";

/** The machine's own nginx, which listens by itself: `greenroom up` is there for those who wait. */
export function createMachinesNginx(root: string, listen: string[]): Listener {
  let holder: Server | null = null;
  return {
    async listen() {
      if (readPid(nginxOf(root, false)) === null) {
        throw new GreenroomError("ROUTER_REFUSED", "the machine's nginx doesn't run", {
          hint: "systemctl start nginx",
        });
      }
      holder = await startHolder(root);
      return { port: portOf(listen[0]!) };
    },
    async close() {
      holder?.close();
      holder?.closeAllConnections();
    },
  };
}
