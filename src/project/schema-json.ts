import { z } from "zod";
import { projectSchema } from "./schema.ts";

/** The schema for editors: completion, and a red line under what Greenroom would refuse. */
export function projectJsonSchema(): string {
  const schema = z.toJSONSchema(projectSchema, { io: "input", unrepresentable: "any" });
  return `${JSON.stringify({ title: "greenroom.json", ...schema }, null, 2)}\n`;
}
