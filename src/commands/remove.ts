import { operations } from "../servers/operations.ts";
import { defineCommand, flag } from "./command.ts";

export default defineCommand({
  words: ["<environment>"],
  options: {
    force: flag("although it is the live production environment"),
    storage: flag("also what the app and its visitors have stored"),
  },
  changes: true,
  examples: ["greenroom remove staging", "greenroom remove staging --storage"],
  async run({ app, words, options, dryRun }) {
    const removed = await operations.remove(app.scene(words[0]), { ...options, dryRun });
    return { ...removed, dryRun };
  },
  render: ({ removed, storage, dryRun }) =>
    `${removed} ${dryRun ? "would be" : "is"} removed${storage ? `; its storage stays in ${storage}` : ""}`,
});
