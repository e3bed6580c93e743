import { assertVersion } from "../names.ts";
import { defineCommand, flag, value } from "./command.ts";
import { outcomeOf, renderOutcome } from "./outcome.ts";
import { withPlace } from "./with-place.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {
    release: value("VERSION", "only if that is the one that rehearses; nothing is done where it is live"),
    force: flag("although the checks haven't passed; the journal will say so"),
  },
  changes: true,
  examples: ["greenroom switch production", "greenroom switch production --release 2026.11.21.2"],
  run: ({ app, words, options, dryRun }) =>
    withPlace(app, words[0], async (place) => {
      const { release, force } = options;
      if (release !== undefined) assertVersion(release);
      const only = release === undefined ? {} : { release };
      const done = await place.operate("switch", { ...only, force, dryRun });
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
