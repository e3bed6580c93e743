import type { EnvironmentSpec } from "../environment/spec.ts";
import type { Scene } from "../environment/world.ts";
import type { Output } from "./calls.ts";
import type { Host } from "./host.ts";
import { operations } from "./operations.ts";
import { LOCAL } from "./server.ts";
import { viewOf } from "./view.ts";

/** This machine. */
export function createLocalHost(sceneOf: (spec: EnvironmentSpec) => Scene): Host {
  return {
    name: LOCAL,
    async operate(spec, operation, input) {
      const run = operations[operation] as (scene: Scene, given: typeof input) => Promise<object>;
      return (await run(sceneOf(spec), input)) as Output<typeof operation>;
    },
    look: async (spec) => viewOf(sceneOf(spec)),
    // It is there that releases are made.
    async receive() {},
    async close() {},
  };
}
