import { readBasis } from "../environment/basis.ts";
import { readLikeness } from "../environment/likeness.ts";
import { readAccessLog } from "../environment/logs/access-log.ts";
import { readLines } from "../environment/logs/log-lines.ts";
import { readOperations } from "../environment/logs/operations-log.ts";
import { assertExists } from "../environment/operation.ts";
import { listReleases } from "../environment/releases.ts";
import type { EnvironmentSpec } from "../environment/spec.ts";
import { openStorage } from "../environment/storage/storage-room.ts";
import type { Scene } from "../environment/world.ts";
import { GreenroomError } from "../errors.ts";
import type { Manifest } from "../release/manifest.ts";
import { readHead, readRelease, type Store } from "../release/store.ts";
import type { Output } from "./calls.ts";
import { abandon, promise, readPromise } from "./fleet/promise.ts";
import type { Host } from "./host.ts";
import { machineOf } from "./machine.ts";
import { performHere, withIntent } from "./perform.ts";
import { placeOf } from "./place.ts";
import type { Looking } from "./seeing.ts";
import { LOCAL } from "./server.ts";
import { viewOf } from "./view.ts";

/** This machine. */
export function createLocalHost(sceneOf: (spec: EnvironmentSpec) => Scene, here: Looking): Host {
  const siteThere = (spec: EnvironmentSpec) => {
    const scene = sceneOf(spec);
    assertExists(scene);
    return scene.site;
  };
  return {
    name: LOCAL,
    place: placeOf(here.root),
    async operate(spec, operation, input, intent) {
      const scene = withIntent(sceneOf(spec), intent);
      return (await performHere(scene, operation, input)) as Output<typeof operation>;
    },
    promise: (spec, intent) => promise(sceneOf(spec), intent, async () => true),
    promised: async (spec, id) => readPromise(sceneOf(spec), id),
    abandon: async (spec, id) => abandon(sceneOf(spec), id),
    likeness: async (spec) => readLikeness(sceneOf(spec)),
    basis: async (spec) => readBasis(sceneOf(spec)),
    look: async (spec) => viewOf(sceneOf(spec).site, spec.domain),
    lines: async (spec, last, cursors) => readLines(siteThere(spec), last, cursors),
    requests: async (spec, last) => readAccessLog(siteThere(spec), last),
    async releases(spec) {
      const { site, world } = sceneOf(spec);
      return listReleases(site, world.store);
    },
    operations: async (spec, last) => readOperations(siteThere(spec), last),
    storage(spec, path) {
      const scene = sceneOf(spec);
      const room = openStorage(scene.site, scene.spec, path);
      return { ...room, place: async () => ({ dir: room.dir, rsync: null }) };
    },
    async machine() {
      const { received: _, answered: __, ...view } = machineOf(here);
      return { ...view, skew: { ahead: 0, within: 0 } };
    },
    // Releases are made in its own store.
    heads: async () => [],
    bring: async (store, manifest) => async () => assertThere(store, manifest),
    give: async (store, { project, version }) => readRelease(store, project, version),
    async close() {},
    drop() {},
  };
}

/** It came by way of this very store, unless that has another release of the name. */
function assertThere(store: Store, { project, version, digest }: Manifest): void {
  if (readHead(store, project, version)?.digest === digest) return;
  throw new GreenroomError("VERSION_EXISTS", `${project} ${version} exists with other content here`, {
    hint: "greenroom releases",
  });
}
