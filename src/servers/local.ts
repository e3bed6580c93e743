import type { EnvironmentSpec } from "../environment/spec.ts";
import type { Scene } from "../environment/world.ts";
import type { Output } from "./calls.ts";
import type { Host } from "./host.ts";
import { machineOf } from "./machine.ts";
import { performHere, withIntent } from "./perform.ts";
import { abandon, promise, readPromise } from "./promise.ts";
import type { Looking } from "./seeing.ts";
import { LOCAL } from "./server.ts";
import { viewOf } from "./view.ts";

/** This machine. */
export function createLocalHost(sceneOf: (spec: EnvironmentSpec) => Scene, here: Looking): Host {
  return {
    name: LOCAL,
    async operate(spec, operation, input, intent) {
      const scene = withIntent(sceneOf(spec), intent);
      return (await performHere(scene, operation, input)) as Output<typeof operation>;
    },
    promise: (spec, intent) => promise(sceneOf(spec), intent),
    promised: async (spec, id) => readPromise(sceneOf(spec), id),
    abandon: async (spec, id) => abandon(sceneOf(spec), id),
    look: async (spec) => viewOf(sceneOf(spec).site, spec.domain),
    async machine() {
      const { received: _, answered: __, ...view } = machineOf(here);
      return { ...view, skew: { ahead: 0, within: 0 } };
    },
    // Releases are made in its own store.
    heads: async () => [],
    async receive() {},
    async close() {},
    drop() {},
  };
}
