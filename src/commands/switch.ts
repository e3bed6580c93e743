import { defineCommand, flag } from "./command.ts";
import { outcomeOf, renderOutcome } from "./outcome.ts";
import { withPlace } from "./with-place.ts";

export default defineCommand({
  words: ["[environment]"],
  options: { force: flag("although the checks haven't passed; the journal will say so") },
  changes: true,
  examples: ["greenroom switch production"],
  run: ({ app, words, options, dryRun }) =>
    withPlace(app, words[0], async (place) => {
      const done = await place.operate("switch", { force: options.force, dryRun });
      return { ...outcomeOf(place.spec, done, dryRun), live: done.live, url: (await place.look()).urls.live };
    }),
  render: (result, paint) =>
    renderOutcome(
      result,
      paint,
      () =>
        `${result.environment}: ${paint.bold(result.live.release ?? "")} is live on ${result.live.side}\n${result.url}`,
    ),
});
