import type { Router } from "../environment/parts.ts";
import type { Emit } from "../events.ts";
import { keepCertificates } from "./certificates/keeper.ts";
import { keepLogs } from "./logs/keeper.ts";
import { readMachine } from "./machine.ts";
import { createOwnNginx } from "./nginx/listener.ts";
import { createMachinesNginx } from "./nginx/machines.ts";
import { createNginxRouter } from "./nginx/router.ts";
import { besidePhp, withPhp } from "./php/router.ts";
import { createRouter } from "./router/router.ts";
import type { Listener } from "./up.ts";
import { whileListening } from "./while-listening.ts";

/** The router that this machine was set up for, for those who tell it something. */
export function createRouterPart(root: string): Router {
  const machine = readMachine(root);
  return machine.router === "nginx" ? withPhp(root, machine, createNginxRouter(root, machine)) : EMBEDDED;
}

/** The embedded one sees what is on disk when a request comes. */
const EMBEDDED: Router = {
  assertFree: async () => {},
  settle: async () => {},
  forget: async () => {},
  tls: async () => null,
};

/** The router that this machine was set up for, for `greenroom up`, which listens by it. */
export function createListener(root: string, emit: Emit): Listener {
  const machine = readMachine(root);
  if (machine.router !== "nginx") return createRouter(root);
  const nginx = machine.unprivileged
    ? besidePhp(root, createOwnNginx(root, machine, emit), emit)
    : createMachinesNginx(root, machine, emit);
  return whileListening(nginx, (signal) => {
    const keeping = { root, machine, emit, signal };
    return Promise.all([keepCertificates(keeping), keepLogs(keeping)]);
  });
}
