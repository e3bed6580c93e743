import { randomUUID } from "node:crypto";
import { explainObstacle } from "../disk/obstacle.ts";
import { GreenroomError, translateErrno } from "../errors.ts";
import type { Event } from "../events.ts";
import { applyStep, isMoved, type Stage } from "./apply.ts";
import { appendJournal } from "./journal.ts";
import { refreshPreviews } from "./previews.ts";
import { liveRelease, readState } from "./state.ts";
import { describeStep, isCommit, isTidying, type Step } from "./steps.ts";
import { sweepLeftovers } from "./sweep.ts";

interface Intent {
  operation: string;
  detail: object;
  steps: Step[];
}

/** Writes down what is to be done, does it, and writes down how that ended. Answers with what went wrong besides. */
export async function applyJournaled(stage: Stage, { operation, detail, steps }: Intent): Promise<string[]> {
  const { site, world } = stage.scene;
  const id = randomUUID();
  const stamp = () => ({ id, at: world.now().toISOString() });
  appendJournal(site, { event: "begin", ...stamp(), by: world.by, operation, detail, steps }, true);
  const done = (index: number) => appendJournal(site, { event: "step", ...stamp(), index }, false);
  try {
    const { warnings, untidy, failedTask } = await applyAll(stage, steps, done);
    const live = steps.some((step) => step.do === "traffic") ? liveRelease(readState(site)) : null;
    const end = { outcome: "done", live: live ?? undefined, error: failedTask?.message, warnings } as const;
    // Without an end in the journal the next run finishes what is left.
    if (!untidy)
      tolerate(warnings, "the journal", () =>
        appendJournal(site, { event: "end", ...stamp(), ...end }, true),
      );
    if (failedTask) throw failedTask;
    return warnings;
  } catch (error) {
    const failure = translateErrno(error);
    const isDone = failure instanceof GreenroomError && failure.code === "AFTER_TASK_FAILED";
    if (!isDone) endFailed(stage, id, steps, failure);
    throw failure;
  }
}

interface Applied {
  warnings: string[];
  /** A step that tidies up failed. */
  untidy: boolean;
  failedTask: GreenroomError | null;
}

/** Once what people see has moved the operation is done; what fails after that is told, not turned into a failure. */
async function applyAll(stage: Stage, steps: Step[], done: (index: number) => void): Promise<Applied> {
  const { emit } = stage.scene.world;
  const applied: Applied = { warnings: stage.warnings, untidy: false, failedTask: null };
  const commit = steps.findLastIndex(isCommit);
  for (const [index, step] of steps.entries()) {
    emit(announce(steps, step));
    try {
      await applyStep(stage, step);
      done(index);
    } catch (error) {
      const moved = commit !== -1 && index >= commit && isMoved(stage.scene, steps[commit] as CommitStep);
      if (!moved || !(step.do === "task" || index === commit || isTidying(step))) throw error;
      if (step.do === "task") applied.failedTask ??= afterTaskFailed(error);
      else applied.warnings.push(warn(stage, step, error));
      applied.untidy ||= isTidying(step);
    }
  }
  return applied;
}

/** A line each, unless there are many of a kind. */
function announce(steps: Step[], step: Step): Event {
  const alike = steps.filter((other) => other.do === "drop");
  if (step.do !== "drop" || alike.length <= FEW) return { event: "step", text: describeStep(step) };
  const done = alike.indexOf(step) + 1;
  return { event: "progress", what: "drop", done, total: alike.length, unit: "releases" };
}

const FEW = 5;

type CommitStep = Parameters<typeof isMoved>[1];

function warn({ scene }: Stage, step: Step, error: unknown): string {
  const failure = explainObstacle(error, scene.site.root) ?? translateErrno(error);
  if (!(failure instanceof GreenroomError)) throw error;
  const text = isCommit(step)
    ? `done, but not known to survive a power cut: ${failure.message}`
    : `done, but this failed and is left to the next command: ${describeStep(step)}: ${failure.message}`;
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
    sweepLeftovers(site);
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
