import { operations } from "../servers/operations.ts";
import { defineCommand } from "./command.ts";
import { outcomeOf, renderOutcome, urlsOf } from "./outcome.ts";
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
    withRelease(app, words[0], options, dryRun, async (scene, { release, files, read }) => {
      const done = await operations.stage(scene, { release, dryRun });
      return {
        ...outcomeOf(scene, done, dryRun),
        release,
        side: done.side,
        changed: done.changed,
        files,
        read,
        url: urlsOf(scene).rehearsal,
      };
    }),
  render: (result, paint) =>
    renderOutcome(result, paint, () =>
      result.changed
        ? `${result.environment}: ${paint.bold(result.release)} is on the ${result.side} side, to rehearse\n${result.url}`
        : `${result.environment}: nothing changed, it has ${paint.bold(result.release)} already`,
    ),
});
