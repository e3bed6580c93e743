import { isAlive } from "../disk/alive.ts";
import { ensureDirectory } from "../disk/durable.ts";
import { isHeld, type Lock, tryLock } from "../disk/lock.ts";
import { GreenroomError } from "../errors.ts";
import type { Stage } from "./apply.ts";
import { openDoors } from "./door.ts";
import { ensureRoles, ensureSite } from "./identity.ts";
import { assertNotPromised, assertPromised, dropIntent, isCarriedOut } from "./intent.ts";
import { applyJournaled } from "./journaled.ts";
import { recover } from "./recover.ts";
import { makeRoom } from "./room.ts";
import { at, siteName } from "./site.ts";
import { type EnvironmentState, exists, readState } from "./state.ts";
import { beforeCommit, type Step } from "./steps.ts";
import type { CheckResult } from "./verdict.ts";
import type { Scene } from "./world.ts";

export interface Request {
  operation: string;
  /** What the journal should know besides: the version asked for, whether it was forced. */
  detail: object;
  plan(state: EnvironmentState): Step[];
  /** Whether the environment is made if it isn't there. */
  creates?: boolean;
  dryRun: boolean;
  /** Done twice it would lead back: who types it again after a crash that it survived wants it once. */
  isTurn?: boolean;
  /** The sides stay as they are: it may be done although something else is promised to other machines. */
  isHarmless?: boolean;
}

export interface Done {
  state: EnvironmentState;
  steps: Step[];
  warnings: string[];
  results: CheckResult[];
}

/** The life of an operation: lock, finish what an earlier run left, look, plan, write the intent down, apply. */
export async function runOperation(scene: Scene, request: Request): Promise<Done> {
  const { site } = scene;
  if (!request.creates) assertExists(scene);
  if (request.dryRun) return planOnly(scene, request);
  const lock = takeLock(scene, request.operation);
  const stage: Stage = { scene, door: openDoors(site, scene.world.parts), results: [], warnings: [] };
  try {
    makeRoom(scene);
    ensureSite(site);
    const finished = await recover(stage);
    if (request.creates) ensureRoles(site);
    return await operate(stage, request, finished === request.operation);
  } finally {
    await stage.door.close();
    lock.release();
  }
}

async function operate(stage: Stage, request: Request, wasFinished: boolean): Promise<Done> {
  const { site, world } = stage.scene;
  const { intent } = world;
  if (!request.isHarmless) assertNotPromised(site, intent);
  const isKept = intent !== undefined && isCarriedOut(site, intent);
  const isDone = isKept || (request.isTurn === true && wasFinished);
  if (intent !== undefined && !isDone) assertPromised(site, intent);
  const planned = isDone ? [] : request.plan(readState(site));
  const steps = intent === undefined ? planned : withoutPrepared(planned);
  const detail = { ...request.detail, ...(intent !== undefined && { intent }) };
  try {
    const warnings = steps.length > 0 ? await applyJournaled(stage, { ...request, detail, steps }) : [];
    return { state: readState(site), steps, warnings, results: stage.results };
  } finally {
    // A promise is kept also where a task after it has failed.
    const isOver = intent !== undefined && (steps.length === 0 || isCarriedOut(site, intent));
    if (isOver) dropIntent(site, intent);
  }
}

/** Tasks before the movement have run when it was promised. */
function withoutPrepared(steps: Step[]): Step[] {
  const before = beforeCommit(steps);
  return [...before.filter((step) => step.do !== "task"), ...steps.slice(before.length)];
}

function planOnly({ site }: Scene, request: Request): Done {
  const state = readState(site);
  return { state, steps: request.plan(state), warnings: [], results: [] };
}

export function assertExists({ site }: Pick<Scene, "site">): void {
  if (exists(site)) return;
  throw new GreenroomError(
    "ENVIRONMENT_MISSING",
    `nothing was ever staged in ${siteName(site)} on this machine`,
    {
      hint: `greenroom deploy ${site.environment}`,
    },
  );
}

interface Holder {
  operation?: string;
  by?: string;
  since?: string;
  pid?: number;
}

export function takeLock({ site, world }: Scene, operation: string): Lock {
  const mine: Holder = { operation, by: world.by, since: world.now().toISOString(), pid: process.pid };
  ensureDirectory(at.run(site));
  const lock = tryLock(at.lock(site), mine);
  if (!isHeld(lock)) return lock;
  const { operation: doing, by, since, pid } = (lock.heldBy ?? {}) as Holder;
  // Between taking the lock and saying so, a holder's predecessor still stands there.
  const who =
    doing && isAlive(pid)
      ? `${by} has been doing a ${doing} since ${since} (process ${pid})`
      : "another operation is at work";
  throw new GreenroomError("LOCKED", `${siteName(site)} is locked: ${who}`, {
    hint: "try again when it has ended",
  });
}
