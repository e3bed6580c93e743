import { defineCommand } from "./command.ts";
import { outcomeOf, renderOutcome } from "./outcome.ts";
import { withPlace } from "./with-place.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {},
  changes: true,
  examples: ["greenroom check production"],
  run: ({ app, words, dryRun }) =>
    withPlace(app, words[0], async (place) => {
      const done = await place.operate("check", { dryRun });
      return { ...outcomeOf(place.spec, done, dryRun), release: done.release, results: done.results };
    }),
  render: (result, paint) =>
    renderOutcome(
      result,
      paint,
      () => `${paint.results(result.results)}\n${result.release} may be switched to`,
    ),
});
