import { carryingOptions, move, renderMoved } from "./carrying.ts";
import { defineCommand } from "./command.ts";

export default defineCommand({
  words: ["<environment>", "<path>", "<directory>"],
  options: carryingOptions,
  changes: true,
  examples: [
    "greenroom pull production uploads ./uploads",
    "greenroom pull production uploads/2026 ./uploads --server web2 --dry-run",
  ],
  run: (context) => move(context, "pull", context.words),
  render: renderMoved,
});
