import { defineCommand } from "./command.ts";
import { outcomeOf, renderOutcome } from "./outcome.ts";
import { withPlace } from "./with-place.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {},
  changes: true,
  examples: ["greenroom resume production"],
  run: ({ app, words, dryRun }) =>
    withPlace(app, words[0], async (place) => {
      return outcomeOf(place.spec, await place.operate("resume", { dryRun }), dryRun);
    }),
  render: (result, paint) => renderOutcome(result, paint, () => `${result.environment}: visitors are let in`),
});
