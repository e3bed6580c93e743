import { carryingOptions, move, renderMoved } from "./carrying.ts";
import { defineCommand } from "./command.ts";

export default defineCommand({
  words: ["<environment>", "<directory>", "<path>"],
  options: carryingOptions,
  changes: true,
  examples: [
    "greenroom push staging ./uploads uploads --dry-run",
    "greenroom push staging ./uploads uploads --delete",
  ],
  run(context) {
    const [environment, directory, path] = context.words;
    return move(context, "push", [environment!, path!, directory!]);
  },
  render: renderMoved,
});
