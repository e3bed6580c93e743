import { writeFileSync } from "node:fs";
import { projectJsonSchema } from "../project/schema-json.ts";
import { defineCommand, value } from "./command.ts";

export default defineCommand({
  words: [],
  options: { write: value("FILE", "write it to a file") },
  changes: false,
  examples: ["greenroom schema", "greenroom schema --write greenroom.schema.json"],
  run({ options }) {
    const schema = projectJsonSchema();
    if (options.write) writeFileSync(options.write, schema);
    return { schema: JSON.parse(schema) as object, written: options.write ?? null };
  },
  render: ({ schema, written }) => (written ? `written to ${written}` : JSON.stringify(schema, null, 2)),
});
