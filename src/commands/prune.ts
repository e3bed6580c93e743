import { countOf } from "../events.ts";
import { defineCommand } from "./command.ts";
import { outcomeOf, renderOutcome } from "./outcome.ts";
import { humanBytes } from "./paint.ts";
import { withPlace } from "./with-place.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {},
  changes: true,
  examples: ["greenroom prune production --dry-run", "greenroom prune production"],
  run: ({ app, words, dryRun }) =>
    withPlace(app, words[0], async (place) => {
      const done = await place.operate("prune", { dryRun });
      return {
        ...outcomeOf(place.spec, done, dryRun),
        dropped: done.dropped,
        objects: done.objects,
        bytes: done.bytes,
      };
    }),
  render: (result, paint) =>
    renderOutcome(
      result,
      paint,
      () =>
        `${countOf(result.dropped.length, "release")} and ${countOf(result.objects, "file")} (${humanBytes(result.bytes)}) deleted`,
    ),
});
