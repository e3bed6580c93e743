import { readJournal } from "../environment/journal.ts";
import { assertExists } from "../environment/operation.ts";
import { describeStep } from "../environment/steps.ts";
import { GreenroomError } from "../errors.ts";
import { countOf } from "../events.ts";
import { defineCommand, value } from "./command.ts";
import { humanAge } from "./paint.ts";

export default defineCommand({
  words: ["[environment]"],
  options: { last: value("N", "how many operations to show; 20 unless told") },
  changes: false,
  examples: ["greenroom log production", "greenroom log production --last 100 --json"],
  run({ app, words, options }) {
    const scene = app.scene(words[0]);
    assertExists(scene);
    const { entries, torn } = readJournal(scene.site);
    return {
      environment: scene.spec.environment,
      torn,
      operations: entries.slice(-parseCount(options.last)).map(({ begin, end }) => ({
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
  },
  render: ({ operations, torn }, paint) =>
    [
      paint.table(
        ["when", "by", "what", "outcome", ""],
        operations.map(({ at, by, operation, detail, outcome, live, error }) => [
          humanAge(at),
          by,
          "share" in detail ? `${operation} ${String(detail.share)} %` : operation,
          outcome,
          error ?? (live ? `${live} live` : ""),
        ]),
      ),
      ...(torn > 0 ? [`${countOf(torn, "torn line")} of the journal passed over`] : []),
    ].join("\n"),
});

function parseCount(text = "20"): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new GreenroomError("USAGE", `--last takes a whole number, not ${JSON.stringify(text)}`);
}
