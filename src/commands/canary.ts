import { GreenroomError } from "../errors.ts";
import { defineCommand, flag } from "./command.ts";
import { outcomeOf, renderOutcome } from "./outcome.ts";
import { withPlace } from "./with-place.ts";

export default defineCommand({
  words: ["<environment>", "<share>"],
  options: { force: flag("although the checks haven't passed; the journal will say so") },
  changes: true,
  examples: [
    "greenroom canary production 5",
    "greenroom canary production 5%",
    "greenroom canary production 0",
  ],
  run: ({ app, words, options, dryRun }) =>
    withPlace(app, words[0], async (place) => {
      const done = await place.operate("canary", {
        share: parseShare(words[1]!),
        force: options.force,
        dryRun,
      });
      return { ...outcomeOf(place.spec, done, dryRun), traffic: done.traffic };
    }),
  render: (result, paint) =>
    renderOutcome(result, paint, () => {
      const { blue = 0, green = 0 } = result.traffic ?? {};
      return `${result.environment}: of 100 visitors ${blue} see blue and ${green} see green`;
    }),
});

function parseShare(text: string): number {
  const share = Number(text.replace(/%$/, ""));
  if (/^\d{1,2}%?$/.test(text)) return share;
  throw new GreenroomError(
    "USAGE",
    `a canary's share is a whole number from 0 to 99, with or without %, not ${JSON.stringify(text)}`,
    {
      hint: "for all visitors: greenroom switch",
    },
  );
}
