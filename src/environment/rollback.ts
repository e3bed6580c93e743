import { GreenroomError } from "../errors.ts";
import { listVersions } from "../release/store.ts";
import { readStaged } from "./config.ts";
import { hookSteps } from "./hooks.ts";
import { assertDomainFree, identityOf, moveSteps } from "./identity.ts";
import { type Entry, liveHistory, readJournal, wasLive } from "./journal.ts";
import { runOperation } from "./operation.ts";
import { type Site, siteName } from "./site.ts";
import type { EnvironmentSpec } from "./spec.ts";
import { type EnvironmentState, liveRelease, rehearsalRelease } from "./state.ts";
import type { Step } from "./steps.ts";
import { moveStep, unmark } from "./switch.ts";
import type { Scene } from "./world.ts";

export interface RollbackOptions {
  /** Null: the release that was live before. */
  to: string | null;
  force: boolean;
  dryRun: boolean;
}

/** Releases that were live, oldest first, and those that can still be had. */
export interface Past {
  history: string[];
  available: string[];
}

export async function rollback(scene: Scene, { to, force, dryRun }: RollbackOptions) {
  const { site, world } = scene;
  let left: string | null = null;
  let chosen: string | null = to;
  const done = await runOperation(scene, {
    operation: "rollback",
    detail: { to, force },
    isTurn: true,
    dryRun,
    plan: (state) => {
      left = liveRelease(state);
      const { entries } = readJournal(site);
      const history = liveHistory(entries);
      const past = { history, available: [...state.releases, ...listVersions(world.store, site.project)] };
      const target = chooseTarget(state, past, to, force);
      chosen = target;
      if (!force) assertWasLive(site, target, entries);
      const before = asBefore(scene, target);
      assertDomainFree(site, before.domain);
      return planRollback(state, before, target);
    },
  });
  return { ...done, to: chosen, left, live: { side: done.state.live, release: liveRelease(done.state) } };
}

/** To the release before, past those that were left as bad. */
export function chooseTarget(state: EnvironmentState, past: Past, to: string | null, force: boolean): string {
  const { site, traffic, rehearsal, bad } = state;
  const live = liveRelease(state);
  if (!live || !traffic) {
    throw new GreenroomError("NOTHING_LIVE", `${siteName(site)} has nothing live to roll back`, {
      hint: `greenroom deploy ${site.environment}`,
    });
  }
  if (traffic.buckets[rehearsal] > 0) {
    throw new GreenroomError("CANARY_ACTIVE", `a canary is on: ${live} is still live for most visitors`, {
      hint: `to take all of them back to it: greenroom canary ${site.environment} 0`,
    });
  }
  return to === null ? releaseBefore(state, past, live) : assertTarget(state, past, to, { live, bad, force });
}

function releaseBefore(state: EnvironmentState, { history, available }: Past, live: string): string {
  const now = history.lastIndexOf(live);
  const before = (now === -1 ? history : history.slice(0, now)).toReversed();
  const target = before.find(
    (release) => release !== live && !state.bad.includes(release) && available.includes(release),
  );
  if (target) return target;
  throw new GreenroomError(
    "NO_RELEASE_BEFORE",
    `${siteName(state.site)} has no good release before ${live}`,
    {
      hint: `choose one yourself: greenroom releases ${state.site.environment}, then rollback --to VERSION`,
    },
  );
}

function assertTarget(
  { site }: EnvironmentState,
  { available }: Past,
  to: string,
  { live, bad, force }: { live: string; bad: string[]; force: boolean },
): string {
  if (to === live) throw new GreenroomError("USAGE", `${to} is live already`, { hint: "greenroom releases" });
  if (!available.includes(to)) {
    throw new GreenroomError("VERSION_UNKNOWN", `${siteName(site)} has no release ${to}`, {
      hint: "greenroom releases",
    });
  }
  if (bad.includes(to) && !force) {
    throw new GreenroomError("RELEASE_BAD", `${to} was left as bad by an earlier rollback`, {
      hint: `greenroom rollback ${site.environment} --to ${to} --force`,
    });
  }
  return to;
}

export function planRollback(state: EnvironmentState, spec: EnvironmentSpec, target: string): Step[] {
  const side = state.rehearsal;
  const warm = rehearsalRelease(state) === target;
  return [
    ...hookSteps(spec, "before:rollback", state),
    ...(warm ? [{ do: "ready", side } as const] : bringBack(state, spec, target)),
    moveStep(state, side, 0),
    { do: "mark", release: liveRelease(state)!, bad: true },
    ...moveSteps(state, identityOf(spec)).filter((step) => step.do !== "previews"),
    ...unmark(state, target),
    { do: "previews" },
    ...hookSteps(spec, "after:rollback", { live: side, rehearsal: side }),
  ];
}

/** What is on the rehearsal side makes room; it stays among the releases. */
function bringBack(state: EnvironmentState, spec: EnvironmentSpec, release: string): Step[] {
  const side = state.rehearsal;
  const onDisk = state.releases.includes(release);
  return [
    ...(onDisk
      ? []
      : ([
          { do: "tree", release, recycle: state.spare },
          { do: "config", release },
        ] as const)),
    { do: "forget", side },
    { do: "point", side, release },
    ...(spec.serve.kind !== "static" ? [{ do: "start", side, release } as const] : []),
  ];
}

/** Back is where visitors have been: a release that never was live has its checks to pass first. */
function assertWasLive(site: Site, release: string, entries: Entry[]): void {
  if (wasLive(entries, release)) return;
  throw new GreenroomError("CHECKS_NOT_PASSED", `${release} was never live in ${siteName(site)}`, {
    hint: `greenroom deploy ${site.environment} --release ${release}`,
  });
}

/** A release on disk is served as it was staged, and at the address of then, whatever greenroom.json says by now. */
function asBefore({ site, spec }: Scene, release: string): EnvironmentSpec {
  const staged = readStaged(site, release);
  return staged ? { ...spec, ...identityOf(staged), tls: staged.tls, serve: staged.serve } : spec;
}
