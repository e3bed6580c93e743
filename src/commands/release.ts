import type { App } from "../app.ts";
import type { Scene } from "../environment/world.ts";
import { GreenroomError } from "../errors.ts";
import { assertVersion } from "../names.ts";
import { chooseVersion, groundOf, makeRelease } from "../project/make-release.ts";
import { assertPublic } from "../project/public.ts";
import { chooseEnvironment, resolveSpec } from "../project/resolve.ts";
import { type Source, withSource } from "../project/source.ts";
import type { Manifest } from "../release/manifest.ts";
import { findRelease, listVersions, lockStore, readRelease } from "../release/store.ts";
import { nextVersion } from "../release/versions.ts";
import { walk } from "../release/walk.ts";
import type { Host } from "../servers/host.ts";
import { bringNew } from "../servers/releases/bring-new.ts";
import { receive } from "../servers/releases/receive.ts";
import { flag, type Given, value } from "./command.ts";
import { actingOn, type Place, withPlace } from "./with-place.ts";

export const sourceOptions = {
  from: value("SOURCE", "a folder or a git ref; else the project's folder"),
  version: value("VERSION", "what to call the release; else the git tag, or the day and a number"),
  release: value("VERSION", "stage this release of the store instead of making one"),
  merge: flag("lay the files over the live release instead of replacing it"),
};

export interface Prepared {
  release: string;
  files: number;
  /** How many of them had to be read. */
  read: number;
}

/**
 * Makes the release that the options ask for and hands it to `use`, with the store held still meanwhile. With
 * `dryRun` nothing is built or stored: the version is the one that it would get.
 */
export async function withRelease<T>(
  app: App,
  environment: string | undefined,
  options: Given<typeof sourceOptions>,
  dryRun: boolean,
  use: (place: Place, prepared: Prepared) => Promise<T>,
): Promise<T> {
  const project = app.project();
  const name = chooseEnvironment(project, environment);
  const lock = dryRun ? null : lockStore(app.world().store, "shared", {});
  try {
    // Before anything is built: whoever isn't there won't get it.
    return await withPlace(app, name, async (place) => {
      if (options.release) return use(place, await findStored(app.scene(name), place.host, options));
      return withSource(project, options.from, { emit: app.emit, build: !dryRun }, async (source) => {
        const spec = resolveSpec(source.project, name);
        const scene = app.sceneOf(spec);
        // Whom programs run as there is for that machine to say.
        const there = actingOn(place.host, spec);
        if (dryRun) return use(there, foresee(scene, source, options));
        const { live, avoid } = await place.host.basis(spec);
        const onto = options.merge ? await mergeBase(scene, place.host, live) : null;
        const { version } = options;
        const { manifest, read } = await bringNew(place.host, scene.world.store, spec.project, {
          isNamed: chooseVersion(version, source) !== null,
          make: (elsewhere) => makeRelease(scene, source, { version, onto, avoid, elsewhere }),
        });
        return use(there, { release: manifest.version, files: manifest.files, read });
      });
    });
  } finally {
    lock?.release();
  }
}

/** A release that was made before, by the name that the user gave. */
async function findStored(
  { spec, world }: Scene,
  host: Host,
  { release, from, version, merge }: Given<typeof sourceOptions>,
): Promise<Prepared> {
  if (from !== undefined || version !== undefined || merge) {
    throw new GreenroomError(
      "USAGE",
      "--release takes a release as it is, without --from, --version or --merge",
    );
  }
  assertVersion(release!);
  const mine = findRelease(world.store, spec.project, release!);
  // Each of several servers gets it from here; only where this machine lacks it does it count that it is there.
  const there = mine ? null : (await host.heads(spec.project)).find(({ version }) => version === release);
  if (there) return { release: release!, files: there.files, read: 0 };
  const manifest = mine ?? readRelease(world.store, spec.project, release!);
  const { entries, files } = manifest;
  assertPublic(spec, entries);
  await receive(host, world.store, manifest);
  return { release: release!, files, read: 0 };
}

/** What is live, its contents in the store here, wherever it is. */
async function mergeBase({ spec, world }: Scene, host: Host, live: string | null): Promise<Manifest> {
  if (live) return host.give(world.store, { project: spec.project, version: live });
  throw new GreenroomError("NOTHING_LIVE", "--merge lays files over the live release, and nothing is live", {
    hint: `greenroom deploy ${spec.environment}`,
  });
}

function foresee(
  { spec, world }: Scene,
  source: Source,
  { version, merge }: Given<typeof sourceOptions>,
): Prepared {
  const free = nextVersion(listVersions(world.store, spec.project), world.now());
  const found = walk(groundOf(source, spec.storage, world.root));
  // What a build would add can't be known.
  const isWhole = source.project.file.build.run.length === 0;
  if (isWhole && found.every(({ kind }) => kind === "folder")) throw emptySource(source.dir);
  if (isWhole && !merge) assertPublic(spec, found);
  return { release: chooseVersion(version, source) ?? free, files: found.length, read: 0 };
}

function emptySource(dir: string): GreenroomError {
  return new GreenroomError("SOURCE_EMPTY", `${dir} holds no files to release`, {
    hint: "check --from, build.output, ignore and .greenroomignore",
  });
}
