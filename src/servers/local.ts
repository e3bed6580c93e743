import { readBasis } from "../environment/basis.ts";
import { readLikeness } from "../environment/likeness.ts";
import type { EnvironmentSpec } from "../environment/spec.ts";
import type { Scene } from "../environment/world.ts";
import { GreenroomError } from "../errors.ts";
import type { Manifest } from "../release/manifest.ts";
import { readHead, readRelease, type Store } from "../release/store.ts";
import type { Output } from "./calls.ts";
import type { Host } from "./host.ts";
import { performHere, withIntent } from "./perform.ts";
import { abandon, promise, readPromise } from "./promise.ts";
import { LOCAL } from "./server.ts";
import { stockOf } from "./stock.ts";
import { viewOf } from "./view.ts";

/** This machine. */
export function createLocalHost(sceneOf: (spec: EnvironmentSpec) => Scene): Host {
  return {
    name: LOCAL,
    async operate(spec, operation, input, intent) {
      const scene = withIntent(sceneOf(spec), intent);
      return (await performHere(scene, operation, input)) as Output<typeof operation>;
    },
    promise: (spec, intent) => promise(sceneOf(spec), intent),
    promised: async (spec, id) => readPromise(sceneOf(spec), id),
    abandon: async (spec, id) => abandon(sceneOf(spec), id),
    look: async (spec) => viewOf(sceneOf(spec)),
    likeness: async (spec) => readLikeness(sceneOf(spec)),
    stock: async (spec) => stockOf(sceneOf(spec)),
    basis: async (spec) => readBasis(sceneOf(spec)),
    // Releases are made in its own store.
    heads: async () => [],
    receive: async (store, manifest) => assertThere(store, manifest),
    give: async (store, { project, version }) => readRelease(store, project, version),
    async close() {},
  };
}

/** It came by way of this very store, unless that has another release of the name. */
function assertThere(store: Store, { project, version, digest }: Manifest): void {
  if (readHead(store, project, version)?.digest === digest) return;
  throw new GreenroomError("VERSION_EXISTS", `${project} ${version} exists with other content here`, {
    hint: "greenroom releases",
  });
}
