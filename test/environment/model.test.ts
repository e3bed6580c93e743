import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { environmentLinks, treeEntries } from "../../src/environment/links.ts";
import { other, type Side } from "../../src/environment/sides.ts";
import { at } from "../../src/environment/site.ts";
import { readState, referenced } from "../../src/environment/state.ts";
import type { Scene } from "../../src/environment/world.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { GreenroomError } from "../../src/errors.ts";
import { findRelease, listVersions } from "../../src/release/store.ts";
import { createHasher, findStoreProblems, findTreeProblems } from "../../src/release/verify.ts";
import { operations } from "../../src/servers/operations.ts";
import { file, folder, link, program, type Things } from "../release/world.ts";
import { leftovers, makeStage, putFile, type Stage } from "./world.ts";

/** What an environment should be, told by what was done to it. */
interface Model {
  live: Side | null;
  sides: Record<Side, string | null>;
  share: number;
  bad: Set<string>;
  /** What the checks said of what is on a side. */
  verdicts: Record<Side, { release: string; passed: boolean } | null>;
  /** Releases in the order in which they were live, as far as no rollback went back past them. */
  past: string[];
  wasLive: Set<string>;
  uploads: string | null;
}

const unborn = (uploads: string | null = null): Model => ({
  live: null,
  sides: { blue: null, green: null },
  share: 0,
  bad: new Set(),
  verdicts: { blue: null, green: null },
  past: [],
  wasLive: new Set(),
  uploads,
});

/** The n-th content; the last one is one that the checks refuse. */
const CONTENTS = 6;
function contentOf(n: number): Things {
  return {
    "index.html": file(`release ${n}`),
    "assets/same.css": file("body {}"),
    [`assets/only-${n}.js`]: file(`only(${n})`),
    tool: n % 2 === 0 ? program("#!/bin/sh") : file("#!/bin/sh"),
    ...(n % 3 === 0
      ? { moving: file("a file") }
      : n % 3 === 1
        ? { "moving/on": file("a folder") }
        : { moving: link("tool") }),
    ...(n % 2 === 0 ? { empty: folder } : {}),
    ...(n === CONTENTS - 1 ? {} : { "good.txt": file("good") }),
    "uploads/seed.txt": file(`seed ${n}`),
  };
}

class World {
  readonly stage: Stage = makeStage();
  readonly scenes: Record<string, Scene> = {
    production: this.sceneOf("production", 2),
    staging: this.sceneOf("staging", 3),
  };
  readonly models: Record<string, Model> = { production: unborn(), staging: unborn() };
  readonly contents = new Map<string, number>();

  private sceneOf(environment: string, keep: number): Scene {
    return this.stage.scene({
      environment,
      keep,
      domain: `${environment}.localhost`,
      storage: ["uploads"],
      config: [{ path: "config/db.json", content: `{"env":"${environment}"}` }],
      checks: [
        { files: ["good.txt"] },
        { http: "/index.html", status: 200, contains: "release", within: 10_000 },
        { shrinks: 90 },
      ],
    });
  }

  /** The operation must end as the model says: with this error, or well. */
  async expects(wanted: ErrorCode | null, act: () => Promise<unknown>): Promise<void> {
    let code: ErrorCode | null = null;
    try {
      await act();
    } catch (error) {
      if (!(error instanceof GreenroomError)) throw error;
      code = error.code;
      if (wanted === null) throw error;
    }
    expect(code).toBe(wanted);
  }

  available(scene: Scene): string[] {
    return [...readState(scene.site).releases, ...listVersions(scene.world.store, "shop")];
  }

  assertSound(name: string): void {
    const scene = this.scenes[name]!;
    const model = this.models[name]!;
    const state = readState(scene.site);
    const rehearsal = model.live ? other(model.live) : "blue";
    const release = model.sides[rehearsal];
    const verdict = model.verdicts[rehearsal];
    expect({
      live: state.live,
      rehearsal: state.rehearsal,
      sides: state.sides,
      share: state.traffic?.buckets[rehearsal] ?? 0,
      bad: [...state.bad].sort(),
      passed: state.verdict?.passed ?? null,
    }).toEqual({
      live: model.live,
      rehearsal,
      sides: model.sides,
      share: model.share,
      bad: [...model.bad].sort(),
      passed: verdict && verdict.release === release ? verdict.passed : null,
    });
    expect(state.releases).toEqual(expect.arrayContaining(referenced(state)));
    for (const version of state.releases) this.assertWhole(scene, version);
    expect(leftovers(scene.site.dir)).toEqual([]);
    this.assertUploads(scene, model);
    this.assertPreviews(scene, state.releases);
  }

  private assertWhole(scene: Scene, version: string): void {
    const { entries } = findRelease(scene.world.store, "shop", version)!;
    const links = environmentLinks(scene.spec.storage, ["config/db.json"], version);
    const dir = at.release(scene.site, version);
    expect(findTreeProblems(dir, version, treeEntries(entries, links), createHasher())).toEqual([]);
    expect(readFileSync(join(dir, "index.html"), "utf8")).toBe(`release ${this.contents.get(version)}`);
    expect(readFileSync(join(dir, "config/db.json"), "utf8")).toBe(scene.spec.config[0]!.content);
  }

  private assertUploads(scene: Scene, model: Model): void {
    const seed = join(at.storage(scene.site, "uploads"), "seed.txt");
    expect(existsSync(seed) ? readFileSync(seed, "utf8") : null).toBe(model.uploads);
  }

  private assertPreviews(scene: Scene, releases: string[]): void {
    const dir = at.previews(scene.site);
    const names = existsSync(dir) ? readdirSync(dir).filter((name) => !name.includes("@")) : [];
    const targets = names.map((name) => readlinkSync(join(dir, name)));
    if (targets.length === 0) {
      expect(releases).toEqual([]);
      return;
    }
    const wanted = [
      ...releases.map((version) => `../releases/${version}`),
      "../blue",
      "../green",
      "../rehearsal",
    ];
    expect(targets.sort()).toEqual(wanted.sort());
  }
}

type Command = fc.AsyncCommand<object, World>;

function command(
  text: string,
  environment: string,
  run: (world: World, scene: Scene, model: Model) => Promise<void>,
): Command {
  return {
    check: () => true,
    toString: () => `${text}(${environment})`,
    async run(_, world) {
      await run(world, world.scenes[environment]!, world.models[environment]!);
      for (const name of Object.keys(world.scenes)) world.assertSound(name);
      expect(findStoreProblems(world.stage.world.store, createHasher())).toEqual([]);
    },
  };
}

const rehearsalOf = (model: Model): Side => (model.live ? other(model.live) : "blue");
const isPassed = (model: Model) => {
  const side = rehearsalOf(model);
  const verdict = model.verdicts[side];
  return verdict !== null && verdict.release === model.sides[side] && verdict.passed;
};

const stage = (environment: string, content: number) =>
  command(`stage ${content}`, environment, async (world, scene, model) => {
    const before = new Set(listVersions(scene.world.store, "shop"));
    const { manifest } = world.stage.make(scene, contentOf(content));
    const { version } = manifest;
    const known = [...before].find((each) => world.contents.get(each) === content);
    if (known) expect(version).toBe(known);
    // A number that was given once isn't given to another content: the journals know it as the first one.
    else expect([...world.contents.keys()]).not.toContain(version);
    world.contents.set(version, content);
    const shown = Object.values(model.sides).includes(version);
    const wanted = !shown && model.share > 0 ? "CANARY_ACTIVE" : null;
    await world.expects(wanted, () => operations.stage(scene, { release: version, dryRun: false }));
    if (wanted || shown) return;
    const side = rehearsalOf(model);
    model.sides[side] = version;
    model.verdicts[side] = null;
    if (model.uploads === null) model.uploads = `seed ${content}`;
    const most = Math.max(scene.spec.keep, new Set(Object.values(model.sides).filter(Boolean)).size);
    expect(readState(scene.site).releases.length).toBeLessThanOrEqual(most);
  });

const check = (environment: string) =>
  command("check", environment, async (world, scene, model) => {
    const side = rehearsalOf(model);
    const release = model.sides[side];
    const passed = release !== null && world.contents.get(release) !== CONTENTS - 1;
    const missing = isGone(scene) ? "ENVIRONMENT_MISSING" : "SIDE_EMPTY";
    const wanted = release === null ? missing : passed ? null : "CHECK_FAILED";
    await world.expects(wanted, () => operations.check(scene, { dryRun: false }));
    if (release) model.verdicts[side] = { release, passed };
  });

const switchSides = (environment: string, force: boolean) =>
  command(`switch ${force}`, environment, async (world, scene, model) => {
    const side = rehearsalOf(model);
    const release = model.sides[side];
    const empty = isGone(scene) ? "ENVIRONMENT_MISSING" : "SIDE_EMPTY";
    const refused = !isPassed(model) ? "CHECKS_NOT_PASSED" : model.bad.has(release!) ? "RELEASE_BAD" : null;
    const wanted = release === null ? empty : force ? null : refused;
    await world.expects(wanted, () => operations.switch(scene, { force, dryRun: false }));
    if (wanted || !release) return;
    model.live = side;
    model.share = 0;
    model.bad.delete(release);
    if (model.past.at(-1) !== release) model.past.push(release);
    model.wasLive.add(release);
  });

const canary = (environment: string, share: number, force: boolean) =>
  command(`canary ${share} ${force}`, environment, async (world, scene, model) => {
    const code = (): ErrorCode | null => {
      if (isGone(scene)) return "ENVIRONMENT_MISSING";
      if (!model.live) return "NOTHING_LIVE";
      if (share === 0 || share === model.share) return null;
      const release = model.sides[rehearsalOf(model)]!;
      if (release === null) return "SIDE_EMPTY";
      if (force) return null;
      return !isPassed(model) ? "CHECKS_NOT_PASSED" : model.bad.has(release) ? "RELEASE_BAD" : null;
    };
    const wanted = code();
    await world.expects(wanted, () => operations.canary(scene, { share, force, dryRun: false }));
    if (!wanted) model.share = share;
  });

const rollback = (environment: string) =>
  command("rollback", environment, async (world, scene, model) => {
    const available = world.available(scene);
    const live = model.live && model.sides[model.live];
    const target = model.past
      .slice(0, Math.max(0, model.past.lastIndexOf(live ?? "")))
      .findLast((each) => each !== live && !model.bad.has(each) && available.includes(each));
    const gone = isGone(scene) ? "ENVIRONMENT_MISSING" : "NOTHING_LIVE";
    const wanted = !live ? gone : model.share > 0 ? "CANARY_ACTIVE" : target ? null : "NO_RELEASE_BEFORE";
    await world.expects(wanted, () => operations.rollback(scene, { to: null, force: false, dryRun: false }));
    if (!wanted) goBack(model, live!, target!);
  });

const rollbackTo = (environment: string, content: number, force: boolean) =>
  command(`rollback to ${content} ${force}`, environment, async (world, scene, model) => {
    const available = new Set(world.available(scene));
    const to =
      [...world.contents].find(([version, n]) => n === content && available.has(version))?.[0] ?? "none";
    const live = model.live && model.sides[model.live];
    const code = (): ErrorCode | null => {
      if (!live) return isGone(scene) ? "ENVIRONMENT_MISSING" : "NOTHING_LIVE";
      if (model.share > 0) return "CANARY_ACTIVE";
      if (to === live) return "USAGE";
      if (to === "none") return "VERSION_UNKNOWN";
      if (force) return null;
      if (model.bad.has(to)) return "RELEASE_BAD";
      return model.wasLive.has(to) ? null : "CHECKS_NOT_PASSED";
    };
    const wanted = code();
    await world.expects(wanted, () => operations.rollback(scene, { to, force, dryRun: false }));
    if (!wanted) goBack(model, live!, to);
  });

function goBack(model: Model, live: string, target: string): void {
  const side = rehearsalOf(model);
  if (model.sides[side] !== target) model.verdicts[side] = null;
  model.sides[side] = target;
  model.live = side;
  model.bad.add(live);
  model.bad.delete(target);
  const back = model.past.lastIndexOf(target);
  if (back !== -1) model.past.length = back;
  model.past.push(target);
  model.wasLive.add(target);
}

const prune = (environment: string) =>
  command("prune", environment, async (world, scene, model) => {
    const wanted = isGone(scene) ? "ENVIRONMENT_MISSING" : null;
    await world.expects(wanted, () => operations.prune(scene, { dryRun: false }));
    if (wanted) return;
    const kept = listVersions(scene.world.store, "shop");
    for (const { bad } of Object.values(world.models)) {
      for (const release of bad) if (!kept.includes(release)) bad.delete(release);
    }
    const { releases } = readState(scene.site);
    const sides = new Set(Object.values(model.sides).filter(Boolean));
    expect(releases.length).toBeLessThanOrEqual(Math.max(scene.spec.keep, sides.size));
    const again = await operations.prune(scene, { dryRun: true });
    expect(again.steps).toEqual([]);
  });

const verify = (environment: string) =>
  command("verify", environment, async (world, scene) => {
    const wanted = isGone(scene) ? "ENVIRONMENT_MISSING" : null;
    await world.expects(wanted, async () => {
      expect((await operations.verify(scene, { dryRun: false })).problems).toEqual([]);
    });
  });

const remove = (environment: string, force: boolean, storage: boolean) =>
  command(`remove ${force} ${storage}`, environment, async (world, scene, model) => {
    const code = (): ErrorCode | null => {
      if (!existsSync(scene.site.dir)) return "ENVIRONMENT_MISSING";
      return environment === "production" && model.live && !force ? "ENVIRONMENT_LIVE" : null;
    };
    const wanted = code();
    await world.expects(wanted, () => operations.remove(scene, { force, storage, dryRun: false }));
    if (wanted) return;
    world.models[environment] = unborn(storage ? null : model.uploads);
    expect(existsSync(join(at.hosts(scene.world.root), scene.spec.domain))).toBe(false);
  });

const upload = (environment: string, text: string) =>
  command(`upload ${text}`, environment, async (_, scene, model) => {
    if (model.uploads === null) return;
    putFile(join(at.storage(scene.site, "uploads"), "seed.txt"), text);
    model.uploads = text;
  });

/** Storage that a removal left is no environment. */
const isGone = (scene: Scene) => !existsSync(at.releases(scene.site));

const environment = fc.constantFrom("production", "production", "staging");
const content = fc.nat(CONTENTS - 1);
const mostly = fc.constantFrom(true, false, false);
const commands = fc.commands(
  [
    fc.tuple(environment, content).map((given) => stage(...given)),
    fc.tuple(environment, content).map((given) => stage(...given)),
    environment.map((name) => check(name)),
    environment.map((name) => check(name)),
    fc.tuple(environment, mostly).map((given) => switchSides(...given)),
    fc.tuple(environment, mostly).map((given) => switchSides(...given)),
    environment.map((name) => rollback(name)),
    fc.tuple(environment, content, mostly).map((given) => rollbackTo(...given)),
    fc.tuple(environment, fc.constantFrom(0, 1, 50, 99), mostly).map((given) => canary(...given)),
    fc.tuple(environment, fc.constant(0), fc.constant(false)).map((given) => canary(...given)),
    environment.map((name) => prune(name)),
    environment.map((name) => verify(name)),
    fc.tuple(environment, mostly, mostly).map((given) => remove(...given)),
    fc.tuple(environment, fc.constantFrom("one", "two")).map((given) => upload(...given)),
  ],
  { maxCommands: 30, size: "max" },
);

const RUNS = Number(process.env.MODEL_RUNS ?? 12);

test(`any sequence of operations leaves two environments on one store as it should be (${RUNS} sequences)`, async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      await fc.asyncModelRun(() => ({ model: {}, real: new World() }), sequence);
    }),
    { numRuns: RUNS, endOnFailure: false },
  );
}, 600_000);
