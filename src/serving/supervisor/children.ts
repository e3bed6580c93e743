import { countOf, type Emit } from "../../events.ts";
import { retire } from "../supervisord/retire.ts";
import { startChild } from "./child.ts";
import { endLeftovers } from "./leftovers.ts";
import type { Runner } from "./runner.ts";

/** Runs processes as children of `greenroom up`: what a killed one left is ended by the next. */
export function createChildRunner(root: string, emit: Emit): Runner {
  const warn = (text: string) => emit({ event: "warning", text });
  return {
    outlives: false,
    async open() {
      // Where the machine was set up for supervisord before, it would start again what is ended here.
      await retire(root);
      const ended = await endLeftovers(root);
      if (ended > 0) warn(`ended ${countOf(ended, "process group")} of an earlier greenroom up`);
    },
    find: async () => null,
    start: async (plan, env) => startChild(plan, env, (error) => warn(error.message)),
    forget: async () => {},
    close: async () => {},
  };
}
