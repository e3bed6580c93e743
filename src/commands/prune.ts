import { countOf } from "../events.ts";
import { operations } from "../servers/operations.ts";
import { defineCommand } from "./command.ts";
import { outcomeOf, renderOutcome } from "./outcome.ts";
import { humanBytes } from "./paint.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {},
  changes: true,
  examples: ["greenroom prune production --dry-run", "greenroom prune production"],
  async run({ app, words, dryRun }) {
    const scene = app.scene(words[0]);
    const done = await operations.prune(scene, { dryRun });
    return {
      ...outcomeOf(scene, done, dryRun),
      dropped: done.dropped,
      objects: done.objects,
      bytes: done.bytes,
    };
  },
  render: (result, paint) =>
    renderOutcome(
      result,
      paint,
      () =>
        `${countOf(result.dropped.length, "release")} and ${countOf(result.objects, "file")} (${humanBytes(result.bytes)}) deleted`,
    ),
});
