import { LONGEST_PAUSE } from "../environment/pause.ts";
import { GreenroomError } from "../errors.ts";
import { parseDuration } from "../project/durations.ts";
import { defineCommand, value } from "./command.ts";
import { outcomeOf, renderOutcome } from "./outcome.ts";
import { withPlace } from "./with-place.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {
    for: value("DURATION", "how long requests are held, at most 24h: 30s, 5m; a minute unless told"),
  },
  changes: true,
  examples: ["greenroom pause production", "greenroom pause production --for 5m"],
  run: ({ app, words, options, dryRun }) =>
    withPlace(app, words[0], async (place) => {
      const done = await place.operate("pause", { hold: parseHold(options.for ?? "1m"), dryRun });
      return { ...outcomeOf(place.spec, done, dryRun), until: done.until };
    }),
  render: (result, paint) =>
    renderOutcome(
      result,
      paint,
      () =>
        `${result.environment}: new requests wait until ${result.until}\nthen: greenroom resume ${result.environment}`,
    ),
});

function parseHold(text: string): number {
  const hold = parseDuration(text);
  if (hold !== null && hold > LONGEST_PAUSE) {
    throw new GreenroomError("USAGE", `requests are held for at most 24 h, not ${text}`, {
      hint: "greenroom pause --for 24h",
    });
  }
  if (hold !== null && hold > 0) return hold;
  throw new GreenroomError("USAGE", `${JSON.stringify(text)} is no duration`, {
    hint: "greenroom pause --for 30s",
  });
}
