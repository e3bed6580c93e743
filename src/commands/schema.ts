import { projectJsonSchema } from "../project/schema-json.ts";
import { defineCommand } from "./command.ts";

export default defineCommand({
  words: [],
  options: {},
  changes: false,
  examples: ["greenroom schema > greenroom.schema.json"],
  run: () => ({ schema: projectJsonSchema() }),
  render: ({ schema }) => JSON.stringify(schema, null, 2),
});
