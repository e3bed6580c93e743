import { operations } from "../servers/operations.ts";
import { defineCommand } from "./command.ts";
import { outcomeOf, renderOutcome } from "./outcome.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {},
  changes: true,
  examples: ["greenroom check production"],
  async run({ app, words, dryRun }) {
    const scene = app.scene(words[0]);
    const done = await operations.check(scene, { dryRun });
    return { ...outcomeOf(scene, done, dryRun), release: done.release, results: done.results };
  },
  render: (result, paint) =>
    renderOutcome(
      result,
      paint,
      () => `${paint.results(result.results)}\n${result.release} may be switched to`,
    ),
});
