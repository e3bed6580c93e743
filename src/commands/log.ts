import { readJournal } from "../environment/journal.ts";
import { assertExists } from "../environment/operation.ts";
import { describeStep } from "../environment/steps.ts";
import type { Scene } from "../environment/world.ts";
import { GreenroomError } from "../errors.ts";
import { countOf } from "../events.ts";
import { defineCommand, flag, type Given, value } from "./command.ts";
import { type Access, accessOf, renderAccess } from "./log-access.ts";
import { humanAge, type Paint } from "./paint.ts";

const options = {
  last: value("N", "how many operations to show; 20 unless told"),
  access: flag("what visitors asked for, and which release answered, instead of operations"),
  lines: value("N", "with --access: how many requests to show; 20 unless told"),
};

export default defineCommand({
  words: ["[environment]"],
  options,
  changes: false,
  examples: [
    "greenroom log production",
    "greenroom log production --last 100 --json",
    "greenroom log production --access --lines 50",
  ],
  run({ app, words, options }): Access | Operations {
    const count = countFrom(options);
    const scene = app.scene(words[0]);
    assertExists(scene);
    return options.access ? accessOf(scene, count) : operationsOf(scene, count);
  },
  render: (result, paint) =>
    "requests" in result ? renderAccess(result, paint) : renderOperations(result, paint),
});

type Operations = ReturnType<typeof operationsOf>;

function operationsOf({ site, spec }: Scene, count: number) {
  const { entries, torn } = readJournal(site);
  return {
    environment: spec.environment,
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

function renderOperations({ operations, torn }: Operations, paint: Paint): string {
  const table = paint.table(
    ["when", "by", "what", "outcome", ""],
    operations.map(({ at, by, operation, detail, outcome, live, error }) => [
      humanAge(at),
      by,
      "share" in detail ? `${operation} ${String(detail.share)} %` : operation,
      outcome,
      error ?? (live ? `${live} live` : ""),
    ]),
  );
  return torn > 0 ? `${table}\n${countOf(torn, "torn line")} of the journal passed over` : table;
}

function countFrom({ access, last, lines }: Given<typeof options>): number {
  const [mine, others] = access ? ["lines", last] : ["last", lines];
  if (others !== undefined) {
    const message = access
      ? "--last counts operations, not requests"
      : "--lines counts requests, not operations";
    throw new GreenroomError("USAGE", message, { hint: "greenroom log --access --lines 50" });
  }
  const text = (access ? lines : last) ?? "20";
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new GreenroomError("USAGE", `--${mine} takes a whole number, not ${JSON.stringify(text)}`);
}
