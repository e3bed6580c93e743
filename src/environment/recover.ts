import { applyStep, isMoved, type Stage } from "./apply.ts";
import { appendJournal, readLastEntry } from "./journal.ts";
import { liveRelease, readState } from "./state.ts";
import { isCommit, isTidying } from "./steps.ts";
import { sweepLeftovers } from "./sweep.ts";

/**
 * Ends what an earlier run began and didn't end. The pointers say how far it came: if what people see had moved,
 * the rest is finished; else what it had made is removed. Answers the name of an operation that it finished.
 */
export async function recover(stage: Stage): Promise<string | null> {
  const { site, world } = stage.scene;
  const last = readLastEntry(site);
  if (last?.end) return null;
  sweepLeftovers(site);
  // A run that died before it wrote its intent down: it made nothing but the environment's folders.
  if (!last) return null;
  const { id, operation, steps, at: since } = last.begin;
  const commit = steps.findLastIndex(isCommit);
  const moved = commit !== -1 && isMoved(stage.scene, steps[commit] as Parameters<typeof isMoved>[1]);
  if (moved) for (const step of steps.slice(commit + 1).filter(isTidying)) await applyStep(stage, step);
  else if (steps.some((step) => step.do === "previews")) await applyStep(stage, { do: "previews" });
  const live =
    moved && steps[commit]!.do === "traffic" ? (liveRelease(readState(site)) ?? undefined) : undefined;
  const outcome = moved ? "finished" : "undone";
  appendJournal(site, { event: "end", id, at: world.now().toISOString(), outcome, live }, true);
  world.emit({
    event: "warning",
    text: `${operation} of ${since} had been cut short; it was ${outcome === "finished" ? "finished" : "undone"} now`,
  });
  return moved ? operation : null;
}
