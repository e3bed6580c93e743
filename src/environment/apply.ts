import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { movePointer, readPointer, syncDirectory } from "../disk/durable.ts";
import { GreenroomError, translateErrno } from "../errors.ts";
import { readAccount } from "../processes/account.ts";
import { makeAccount } from "../processes/own-account.ts";
import { readRelease } from "../release/store.ts";
import { keepAssets } from "./assets.ts";
import { buildTree } from "./build-tree.ts";
import { runCheck } from "./checks.ts";
import { readStaged, writeConfig } from "./config.ts";
import type { Door } from "./door.ts";
import { assertDomainFree, writeIdentity } from "./identity.ts";
import { forgetMarks, markRelease } from "./marks.ts";
import { pin, unpin } from "./pins.ts";
import { refreshPreviews } from "./previews.ts";
import { dropRelease, sweepObjects } from "./prune-store.ts";
import { dropSpares, retireRelease } from "./retention.ts";
import { other, type Side } from "./sides.ts";
import { at, type Site, siteName } from "./site.ts";
import { readState } from "./state.ts";
import type { Step } from "./steps.ts";
import { accountName, ownerFor, seedStorage } from "./storage/storage.ts";
import { sweepRemoved } from "./sweep.ts";
import { runTask } from "./tasks.ts";
import { takeUpGiven } from "./tls/given-certificates.ts";
import { hostOf } from "./tls/tls.ts";
import { moveTraffic, readTraffic, sweepGenerations } from "./traffic.ts";
import { type CheckResult, forgetVerdict, writeVerdict } from "./verdict.ts";
import type { Scene } from "./world.ts";

/** What the steps of one operation hand on to each other. */
export interface Stage {
  scene: Scene;
  door: Door;
  results: CheckResult[];
  /** What went wrong beside what was asked for. */
  warnings: string[];
}

/** Does one step. A step that was done already may be done again. */
export async function applyStep(stage: Stage, step: Step): Promise<void> {
  const { scene, door } = stage;
  const { site, spec, world } = scene;
  switch (step.do) {
    case "account":
      return makeAccount(step.name);
    case "task":
      return runTask(scene, step.task, step.side, await door.url(step.side));
    case "seed": {
      const { entries } = readRelease(world.store, spec.project, step.release);
      return seedStorage(site, world.store, step.path, entries, ownerFor(spec, await world.parts.readers()));
    }
    case "tree":
      return buildTree(scene, step.release, step.recycle);
    case "config": {
      const release = readRelease(world.store, spec.project, step.release);
      keepAssets(site, world.store, release, spec.serve.public);
      return writeConfig(site, release, spec, groupFor(scene));
    }
    case "forget":
      return forgetVerdict(site, step.side);
    case "point":
      return pointSide(scene, step.side, step.release);
    case "identity":
      return writeIdentity(site, step.identity);
    case "certificate":
      return takeUpOrWarn(stage, step);
    case "previews":
      refreshPreviews(site, readState(site).identity?.previews ?? spec.previews);
      return world.parts.router.settle(site);
    case "start":
      return startSide(stage, step.side, step.release);
    case "check": {
      const result = await runCheck(scene, step.side, spec.checks[step.index]!, await door.url(step.side));
      stage.results.push(result);
      return;
    }
    case "verdict":
      return recordVerdict(stage, step.side, step.release);
    case "ready":
      assertThere(scene, step.side);
      await world.parts.router.settle(site);
      return world.parts.supervisor.assertHealthy(site, step.side, servedOn(scene, step.side));
    case "traffic":
      return applyTraffic(stage, step);
    case "mark":
      return markRelease(scene, step.release, step.bad);
    case "retire":
      return retireRelease(scene, step.release);
    case "drop":
      // A release that gets the name later is another one.
      forgetMarks(site, step.release);
      return dropRelease(world.store, spec.project, step.release);
    case "sweep":
      dropSpares(site);
      sweepRemoved(site.root);
      return sweepObjects(world.store);
    default:
      return step satisfies never;
  }
}

/** What the router refuses isn't left there, where it would be in the way of all that is done later. */
async function pointSide({ site, world }: Scene, side: Side, release: string): Promise<void> {
  const before = readPointer(at.side(site, side));
  unpin(site, side);
  movePointer(at.side(site, side), `releases/${release}`);
  syncDirectory(site.dir);
  try {
    await world.parts.router.settle(site);
  } catch (error) {
    if (before === null) rmSync(at.side(site, side), { force: true });
    else movePointer(at.side(site, side), before);
    syncDirectory(site.dir);
    throw error;
  }
}

/** Whether a step that moves a pointer has moved it. */
export function isMoved({ site }: Scene, step: Extract<Step, { do: "traffic" | "point" }>): boolean {
  return step.do === "traffic"
    ? readPointer(at.traffic(site)) === `traffic.d/${step.generation}`
    : readPointer(at.side(site, step.side)) === `releases/${step.release}`;
}

/** Visitors have moved: one that can't be used leaves its names on plain HTTP until `greenroom up` finds that it can. */
async function takeUpOrWarn({ scene, warnings }: Stage, step: Extract<Step, { do: "certificate" }>) {
  try {
    await takeUpGiven(scene, step.of, step.identity);
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.code !== "CERTIFICATE_UNUSABLE") throw error;
    const text = `the certificate for ${hostOf(step.of, step.identity.domain)} isn't taken up: ${error.message}`;
    scene.world.emit({ event: "warning", text });
    warnings.push(text);
  }
}

function applyTraffic(stage: Stage, step: Extract<Step, { do: "traffic" }>): void {
  const { site } = stage.scene;
  const before = readTraffic(site)?.live;
  moveTraffic(site, step);
  syncDirectory(site.dir);
  if (readPointer(join(site.dir, "rehearsal")) !== "traffic/rehearsal") {
    movePointer(join(site.dir, "rehearsal"), "traffic/rehearsal");
  }
  pinSeen(site, step, before === other(step.live));
  sweepOld(stage);
}

/** Only once visitors have been let in: a run that dies before has shown them nothing. */
function pinSeen(site: Site, { live, share }: Extract<Step, { do: "traffic" }>, bothWereLive: boolean): void {
  const { sides } = readState(site);
  const seen = share > 0 || bothWereLive ? [live, other(live)] : [live];
  for (const side of seen) if (sides[side]) pin(site, side, sides[side]);
}

/** Visitors are where they should be by then, and the next move sweeps all that is old. */
function sweepOld({ scene: { site, world }, warnings }: Stage): void {
  try {
    sweepGenerations(site);
  } catch (error) {
    const failure = translateErrno(error);
    if (!(failure instanceof GreenroomError)) throw error;
    const text = `done, but old folders of traffic.d are left to the next command: ${failure.message}`;
    world.emit({ event: "warning", text });
    warnings.push(text);
  }
}

/** A rehearsal that doesn't become healthy is marked, so that nothing switches to it. */
async function startSide({ scene }: Stage, side: Side, release: string): Promise<void> {
  const { site, world } = scene;
  try {
    await world.parts.supervisor.start(site, side, release, servedAs(scene, release));
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    const result = { check: "becomes healthy", passed: false, reason: error.message, ms: 0 };
    recordVerdict({ scene, results: [result] }, side, release);
    throw error;
  }
}

function recordVerdict(
  { scene, results }: Pick<Stage, "scene" | "results">,
  side: Side,
  release: string,
): void {
  const passed = results.every((result) => result.passed);
  writeVerdict(scene.site, side, { release, passed, results, at: scene.world.now().toISOString() });
}

/** What is about to get visitors is on disk, and its address is free. A pointer can outlive its tree. */
function assertThere({ site }: Scene, side: Side): void {
  const release = readState(site).sides[side];
  if (release === null || !existsSync(at.side(site, side))) {
    throw new GreenroomError(
      "SIDE_EMPTY",
      `the ${side} side of ${siteName(site)} points at a release that isn't on disk`,
      { hint: `greenroom stage ${site.environment}` },
    );
  }
  const staged = readStaged(site, release);
  if (!staged) {
    throw new GreenroomError(
      "VERIFY_FAILED",
      `how ${release} is served is lost: ${at.staged(site, release)}`,
      {
        hint: `greenroom stage ${site.environment} --release ${release}`,
      },
    );
  }
  assertDomainFree(site, staged.domain);
}

function servedOn(scene: Scene, side: Side) {
  const release = readPointer(at.side(scene.site, side))?.replace("releases/", "");
  return release ? servedAs(scene, release) : scene.spec.serve;
}

/** A release is served as it was staged, whatever greenroom.json says by now. */
function servedAs({ site, spec }: Scene, release: string) {
  return readStaged(site, release)?.serve ?? spec.serve;
}

function groupFor({ spec }: Scene): number | null {
  const user = accountName(spec);
  return user === null ? null : readAccount(user).gid;
}
