import { operations } from "../servers/operations.ts";
import { defineCommand, flag } from "./command.ts";
import { outcomeOf, renderOutcome, urlsOf } from "./outcome.ts";

export default defineCommand({
  words: ["[environment]"],
  options: { force: flag("although the checks haven't passed; the journal will say so") },
  changes: true,
  examples: ["greenroom switch production"],
  async run({ app, words, options, dryRun }) {
    const scene = app.scene(words[0]);
    const done = await operations.switch(scene, { force: options.force, dryRun });
    return { ...outcomeOf(scene, done, dryRun), live: done.live, url: urlsOf(scene).live };
  },
  render: (result, paint) =>
    renderOutcome(
      result,
      paint,
      () =>
        `${result.environment}: ${paint.bold(result.live.release ?? "")} is live on ${result.live.side}\n${result.url}`,
    ),
});
