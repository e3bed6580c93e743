import { defineCommand, flag, value } from "./command.ts";
import { outcomeOf, renderOutcome } from "./outcome.ts";
import { withPlace } from "./with-place.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {
    to: value("VERSION", "this release; else the one that was live before"),
    force: flag("also to a release that was left as bad"),
  },
  changes: true,
  examples: ["greenroom rollback production", "greenroom rollback production --to 2026.11.21.1"],
  run: ({ app, words, options, dryRun }) =>
    withPlace(app, words[0], async (place) => {
      const wishes = { to: options.to ?? null, force: options.force, dryRun };
      const done = await place.operate("rollback", wishes);
      const marked = done.left !== null && done.state.bad.includes(done.left);
      return { ...outcomeOf(place.spec, done, dryRun), live: done.live, left: done.left, marked };
    }),
  render: (result, paint) =>
    renderOutcome(
      result,
      paint,
      () =>
        `${result.environment}: ${paint.bold(result.live.release ?? "")} is live again${result.marked ? `; ${result.left} is marked bad` : ""}`,
    ),
});
