import { z } from "zod";
import { projectSchema } from "./schema.ts";

/** The schema for editors: completion, and a red line under what Greenroom would refuse. */
export function projectJsonSchema(): object {
  return {
    title: "greenroom.json",
    ...z.toJSONSchema(projectSchema, { io: "input", unrepresentable: "any" }),
  };
}
