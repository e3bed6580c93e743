import { operations } from "../servers/operations.ts";
import { defineCommand } from "./command.ts";
import { outcomeOf, renderOutcome } from "./outcome.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {},
  changes: true,
  examples: ["greenroom resume production"],
  async run({ app, words, dryRun }) {
    const scene = app.scene(words[0]);
    return outcomeOf(scene, await operations.resume(scene, { dryRun }), dryRun);
  },
  render: (result, paint) => renderOutcome(result, paint, () => `${result.environment}: visitors are let in`),
});
