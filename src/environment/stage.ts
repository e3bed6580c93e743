import { GreenroomError } from "../errors.ts";
import { missingAccount } from "../processes/own-account.ts";
import { assertOneFileSystem } from "../release/store.ts";
import { isStagedAs, readStaged } from "./config.ts";
import { hookSteps } from "./hooks.ts";
import { assertDomainFree, identityOf, identitySteps } from "./identity.ts";
import { runOperation } from "./operation.ts";
import { adoptSecret } from "./previews.ts";
import { rehearsingOn } from "./rehearsing-on.ts";
import { releasesToRetire } from "./retention.ts";
import { SIDES, type Side } from "./sides.ts";
import { at, type Identity, siteName } from "./site.ts";
import type { EnvironmentSpec } from "./spec.ts";
import { type EnvironmentState, liveRelease, readState, rehearsalRelease } from "./state.ts";
import type { Step } from "./steps.ts";
import { accountName, assertOwners, missingStorage } from "./storage/storage.ts";
import { readNewlyGiven } from "./tls/given-certificates.ts";
import type { Role } from "./tls/tls.ts";
import type { Scene } from "./world.ts";

export interface StageOptions {
  release: string;
  /** Where the environment's other servers have it; else where it is rehearsed. Nobody must see that side here. */
  side?: Side | undefined;
  /** Of preview addresses, where other servers have it, too. */
  secret?: string | undefined;
  dryRun: boolean;
}

/** What the disk says of the release that is to be staged. */
export interface Standing {
  /** It would be served just as it is on disk now. */
  asStaged: boolean;
  /** How it is to be served isn't on disk any more. */
  lost: boolean;
  /** Its tree is on disk with the links that it needs. */
  hasTree: boolean;
  /** Its processes are known to be well; always true where it has none. */
  healthy: boolean;
  missingStorage: string[];
  /** Whom its programs are to run as, if there is no such account yet. */
  missingAccount: string | null;
  /** Whose given certificates are not yet those that visitors get. */
  certificates: Role[];
}

export async function stage(scene: Scene, { release, side, secret, dryRun }: StageOptions) {
  const { site, spec, world } = scene;
  assertOneFileSystem(world.store, at.releases(site));
  assertDomainFree(site, spec.domain);
  await world.parts.router.assertFree(site, spec.domain);
  await world.parts.supervisor.assertReady(spec);
  warnOfRoot(scene);
  assertOwners(site, spec);
  const certificates = await readNewlyGiven(scene);
  const healthy = await isHealthyRehearsal(scene, release, side);
  if (secret !== undefined && spec.previews === "secret" && !dryRun) adoptSecret(site, secret);
  const done = await runOperation(scene, {
    operation: "stage",
    detail: { release },
    creates: true,
    dryRun,
    plan(state) {
      const standing = { ...lookAt(scene, state, release), healthy, certificates };
      return planStage(rehearsingOn(state, side, release), spec, release, standing);
    },
  });
  return {
    ...done,
    release,
    side: side ?? done.state.rehearsal,
    changed: done.steps.some((step) => step.do === "point"),
  };
}

/** The rehearsal side shows the release with the one step "point"; visitors see nothing of any of it. */
export function planStage(
  state: EnvironmentState,
  spec: EnvironmentSpec,
  release: string,
  standing: Standing,
): Step[] {
  const side = state.rehearsal;
  const isLive = release === liveRelease(state);
  const shown = isLive || release === rehearsalRelease(state);
  const identity = identityStepsOf(state, spec, standing.certificates);
  const written = isTlsWritten(state, spec, release) ? [] : [{ do: "config", release } as const];
  if (shown && standing.asStaged && (standing.healthy || isLive)) return [...written, ...identity];
  if (isLive && standing.lost) return [{ do: "config", release }, ...identity];
  assertStageable(state, release, shown && !standing.asStaged && !standing.lost);
  const start: Step[] = spec.serve.kind !== "static" ? [{ do: "start", side, release }] : [];
  return [
    ...(standing.missingAccount ? [{ do: "account", name: standing.missingAccount } as const] : []),
    ...hookSteps(spec, "before:stage", state),
    ...standing.missingStorage.map((path): Step => ({ do: "seed", path, release })),
    ...(standing.hasTree ? [] : [{ do: "tree", release, recycle: state.spare } as const]),
    { do: "config", release },
    { do: "forget", side },
    { do: "point", side, release },
    ...identity.filter((step) => step.do !== "previews"),
    { do: "previews" },
    ...start,
    ...hookSteps(spec, "after:stage", state),
    ...retireSteps(state, spec, release),
  ];
}

/** While something is live its address stays, or comes back where it was lost; a new one waits for the switch. */
function addressOf({ live, identity, identities }: EnvironmentState, spec: EnvironmentSpec): Identity {
  if (live === null) return identityOf(spec);
  return identity ?? identities[live] ?? identityOf(spec);
}

/** How the domain is certified waits for nothing, unless the domain itself does. */
function identityStepsOf(state: EnvironmentState, spec: EnvironmentSpec, certificates: Role[]): Step[] {
  const address = addressOf(state, spec);
  if (address.domain !== spec.domain) return identitySteps(state, address, []);
  return identitySteps(state, { ...address, tls: spec.tls }, certificates);
}

/** Whether a switch to the release, and back, would know how its domain is certified by now. */
function isTlsWritten({ sides, identities }: EnvironmentState, { tls }: EnvironmentSpec, release: string) {
  const shown = SIDES.filter((side) => sides[side] === release);
  return shown.every((side) => JSON.stringify(identities[side]?.tls ?? null) === JSON.stringify(tls));
}

function retireSteps(state: EnvironmentState, spec: EnvironmentSpec, release: string): Step[] {
  const sides = { ...state.sides, [state.rehearsal]: release };
  const retired = releasesToRetire({ ...state, sides }, spec.keep);
  if (retired.length === 0) return [];
  return [...retired.map((old): Step => ({ do: "retire", release: old })), { do: "previews" }];
}

function assertStageable(state: EnvironmentState, release: string, configuredOtherwise: boolean): void {
  const { site, rehearsal, traffic } = state;
  if ((traffic?.buckets[rehearsal] ?? 0) > 0) {
    throw new GreenroomError("CANARY_ACTIVE", `${siteName(site)} has visitors on its ${rehearsal} side`, {
      hint: `end the canary first: greenroom canary ${site.environment} 0`,
    });
  }
  if (configuredOtherwise) {
    throw new GreenroomError("VERSION_EXISTS", `${release} is on a side already, with other configuration`, {
      hint: "give the new one a name of its own with --version",
    });
  }
}

function lookAt(
  { site, spec }: Scene,
  state: EnvironmentState,
  release: string,
): Omit<Standing, "healthy" | "certificates"> {
  const staged = readStaged(site, release);
  const paths = (storage: string[], config: string[]) => JSON.stringify([storage, config]);
  const linked = paths(
    spec.storage,
    spec.config.map(({ path }) => path),
  );
  const sameLinks = staged !== null && paths(staged.storage, staged.config) === linked;
  return {
    asStaged: isStagedAs(site, release, spec),
    lost: staged === null,
    hasTree: state.releases.includes(release) && sameLinks,
    missingStorage: missingStorage(site, spec.storage),
    missingAccount: missingAccount(accountName(spec), site),
  };
}

function warnOfRoot({ spec: { serve }, world }: Scene): void {
  if (serve.kind === "static" || serve.user !== null || process.getuid?.() !== 0) return;
  const text = `the site's programs run as root, as others can't reach ${world.root}: choose a root outside of private folders, or name an account in serve.user`;
  world.emit({ event: "warning", text });
}

async function isHealthyRehearsal(
  { site, spec, world }: Scene,
  release: string,
  side?: Side,
): Promise<boolean> {
  const state = rehearsingOn(readState(site), side, release);
  if (rehearsalRelease(state) !== release) return true;
  try {
    await world.parts.supervisor.assertHealthy(site, state.rehearsal, spec.serve);
    return true;
  } catch (error) {
    if (error instanceof GreenroomError) return false;
    throw error;
  }
}
