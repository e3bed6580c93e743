import { readJournal } from "../journal.ts";
import type { Site } from "../site.ts";
import { describeStep } from "../steps.ts";

export type LoggedOperations = ReturnType<typeof readOperations>;

/** What was done to an environment last, oldest first. */
export function readOperations(site: Site, count: number) {
  const { entries, torn } = readJournal(site);
  return {
    torn,
    operations: entries.slice(-count).map(({ begin, end }) => ({
      at: begin.at,
      by: begin.by,
      operation: begin.operation,
      detail: begin.detail,
      outcome: end?.outcome ?? "unfinished",
      live: end?.live ?? null,
      error: end?.error ?? null,
      steps: begin.steps.map(describeStep),
    })),
  };
}
