import type { EnvironmentSpec } from "../environment/spec.ts";
import type { Scene } from "../environment/world.ts";
import type { Output } from "./calls.ts";
import type { Host } from "./host.ts";
import { performHere } from "./perform.ts";
import { LOCAL } from "./server.ts";
import { viewOf } from "./view.ts";

/** This machine. */
export function createLocalHost(sceneOf: (spec: EnvironmentSpec) => Scene): Host {
  return {
    name: LOCAL,
    async operate(spec, operation, input) {
      return (await performHere(sceneOf(spec), operation, input)) as Output<typeof operation>;
    },
    look: async (spec) => viewOf(sceneOf(spec)),
    // Releases are made in its own store.
    heads: async () => [],
    async receive() {},
    async close() {},
  };
}
