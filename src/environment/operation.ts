import { randomUUID } from "node:crypto";
import { ensureDirectory } from "../disk/durable.ts";
import { isHeld, type Lock, tryLock } from "../disk/lock.ts";
import { GreenroomError, translateErrno } from "../errors.ts";
import { applyStep, isMoved, type Stage } from "./apply.ts";
import { openDoors } from "./door.ts";
import { ensureRoles, ensureSite } from "./identity.ts";
import { appendJournal } from "./journal.ts";
import { refreshPreviews } from "./previews.ts";
import { recover } from "./recover.ts";
import { at, siteName } from "./site.ts";
import { type EnvironmentState, exists, liveRelease, readState } from "./state.ts";
import { describeStep, isCommit, isTidying, type Step } from "./steps.ts";
import { sweepLeftovers } from "./sweep.ts";
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
  if (request.creates) ensureSite(site);
  const lock = takeLock(scene, request.operation);
  const stage: Stage = { scene, door: openDoors(site, scene.world.parts), results: [] };
  try {
    await recover(stage);
    if (request.creates) ensureRoles(site);
    const steps = request.plan(readState(site));
    const warnings = steps.length > 0 ? await applyJournaled(stage, request, steps) : [];
    return { state: readState(site), steps, warnings, results: stage.results };
  } finally {
    await stage.door.close();
    lock.release();
  }
}

function planOnly({ site }: Scene, request: Request): Done {
  const state = readState(site);
  return { state, steps: request.plan(state), warnings: [], results: [] };
}

export function assertExists({ site }: Scene): void {
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
  const who = doing
    ? `${by} has been doing a ${doing} since ${since} (process ${pid})`
    : "another operation is at work";
  throw new GreenroomError("LOCKED", `${siteName(site)} is locked: ${who}`, {
    hint: "try again when it has ended",
  });
}

async function applyJournaled(
  stage: Stage,
  { operation, detail }: Request,
  steps: Step[],
): Promise<string[]> {
  const { site, world } = stage.scene;
  const id = randomUUID();
  const stamp = () => ({ id, at: world.now().toISOString() });
  appendJournal(site, { event: "begin", ...stamp(), by: world.by, operation, detail, steps }, true);
  try {
    const { warnings, failedTask } = await applyAll(stage, steps, (index) =>
      appendJournal(site, { event: "step", ...stamp(), index }, false),
    );
    const live = steps.some((step) => step.do === "traffic")
      ? (liveRelease(readState(site)) ?? undefined)
      : undefined;
    const error = failedTask?.message;
    tolerate(warnings, "the journal", () =>
      appendJournal(site, { event: "end", ...stamp(), outcome: "done", live, error, warnings }, true),
    );
    if (failedTask) throw failedTask;
    return warnings;
  } catch (error) {
    const failure = translateErrno(error);
    if (!(failure instanceof GreenroomError && failure.code === "AFTER_TASK_FAILED"))
      endFailed(stage, id, steps, failure);
    throw failure;
  }
}

/** Once what people see has moved the operation is done; what fails after that is told, not turned into a failure. */
async function applyAll(stage: Stage, steps: Step[], done: (index: number) => void) {
  const { emit } = stage.scene.world;
  const warnings: string[] = [];
  const commit = steps.findLastIndex(isCommit);
  let failedTask: GreenroomError | null = null;
  for (const [index, step] of steps.entries()) {
    emit({ event: "step", text: describeStep(step) });
    try {
      await applyStep(stage, step);
      done(index);
    } catch (error) {
      const moved = commit !== -1 && index >= commit && isMoved(stage.scene, steps[commit] as CommitStep);
      if (moved && step.do === "task") failedTask ??= afterTaskFailed(error);
      else if (moved && (index === commit || isTidying(step))) warnings.push(warn(stage, step, error));
      else throw error;
    }
  }
  return { warnings, failedTask };
}

type CommitStep = Parameters<typeof isMoved>[1];

function warn({ scene }: Stage, step: Step, error: unknown): string {
  const failure = translateErrno(error);
  if (!(failure instanceof GreenroomError)) throw error;
  const text = isCommit(step)
    ? `done, but not known to survive a power cut: ${failure.message}`
    : `done, but this failed and will be done by a later run: ${describeStep(step)}: ${failure.message}`;
  scene.world.emit({ event: "warning", text });
  return text;
}

function afterTaskFailed(error: unknown): GreenroomError {
  if (!(error instanceof GreenroomError)) throw error;
  const { hint, detail } = error;
  return new GreenroomError("AFTER_TASK_FAILED", `done, but ${error.message}`, {
    hint,
    detail,
    cause: error,
  });
}

function endFailed({ scene }: Stage, id: string, steps: Step[], failure: unknown): void {
  const { site, spec, world } = scene;
  const error = failure instanceof Error ? failure.message : String(failure);
  // The disk that failed may fail these too: then the next run finds no end in the journal, and does the same.
  tolerate([], "tidying up", () => {
    sweepLeftovers(site, spec);
    if (steps.some((step) => step.do === "previews")) refreshPreviews(site, spec.previews);
    appendJournal(site, { event: "end", id, at: world.now().toISOString(), outcome: "failed", error }, true);
  });
}

function tolerate(warnings: string[], what: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    const failure = translateErrno(error);
    if (!(failure instanceof GreenroomError)) throw error;
    warnings.push(`${what}: ${failure.message}`);
  }
}
