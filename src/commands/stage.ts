import { defineCommand } from "./command.ts";
import { outcomeOf, renderOutcome } from "./outcome.ts";
import { sourceOptions, withRelease } from "./release.ts";

export default defineCommand({
  words: ["[environment]"],
  options: sourceOptions,
  changes: true,
  examples: [
    "greenroom stage production",
    "greenroom stage production --from v1.2",
    "greenroom stage --from dist",
  ],
  run: ({ app, words, options, dryRun }) =>
    withRelease(app, words[0], options, dryRun, async (place, { release, files, read }) => {
      const done = await place.operate("stage", { release, dryRun });
      return {
        ...outcomeOf(place.spec, done, dryRun),
        release,
        side: done.side,
        changed: done.changed,
        files,
        read,
        url: (await place.look()).urls.rehearsal,
      };
    }),
  render: (result, paint) =>
    renderOutcome(result, paint, () =>
      result.changed
        ? `${result.environment}: ${paint.bold(result.release)} is on the ${result.side} side, to rehearse\n${result.url}`
        : `${result.environment}: nothing changed, it has ${paint.bold(result.release)} already`,
    ),
});
