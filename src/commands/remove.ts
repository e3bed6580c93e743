import { defineCommand, flag } from "./command.ts";
import { withPlace } from "./with-place.ts";

export default defineCommand({
  words: ["<environment>"],
  options: {
    force: flag("although it is the live production environment"),
    storage: flag("also what the app and its visitors have stored"),
  },
  changes: true,
  examples: ["greenroom remove staging", "greenroom remove staging --storage"],
  run: ({ app, words, options, dryRun }) =>
    withPlace(app, words[0], async (place) => {
      return { ...(await place.operate("remove", { ...options, dryRun })), dryRun };
    }),
  render: ({ removed, storage, dryRun }) =>
    `${removed} ${dryRun ? "would be" : "is"} removed${storage ? `; its storage stays in ${storage}` : ""}`,
});
