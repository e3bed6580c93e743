import { readFileSync } from "node:fs";
import { join } from "node:path";
import Handlebars from "handlebars";
import type { ConfigFile } from "../environment/spec.ts";
import { errnoOf, GreenroomError } from "../errors.ts";

/** Renders each config file from its template in the project. */
export function renderConfig(dir: string, config: Record<string, string>, values: object): ConfigFile[] {
  return Object.entries(config).map(([path, template]) => ({
    path,
    content: renderTemplate(readTemplate(dir, template), template, values),
  }));
}

function readTemplate(dir: string, template: string): string {
  try {
    return readFileSync(join(dir, template), "utf8");
  } catch (error) {
    if (!errnoOf(error)) throw error;
    throw new GreenroomError("CONFIG_INVALID", `the template ${template} can't be read`, {
      hint: "config in greenroom.json names templates relative to the project",
      cause: error,
    });
  }
}

export function renderTemplate(text: string, template: string, values: object): string {
  try {
    // An environment of its own: no helper that something else registered, no prototype access.
    return Handlebars.create().compile(text, { strict: true, noEscape: true })(values);
  } catch (error) {
    throw explain(error, template);
  }
}

function explain(error: unknown, template: string): unknown {
  if (!(error instanceof Error)) return error;
  const unknown = /^"(.+)" not defined in .* - (\d+):(\d+)$/s.exec(error.message);
  const message = unknown
    ? `${template}, line ${unknown[2]}, column ${Number(unknown[3]) + 1}: ${unknown[1]} is not defined`
    : `${template}: ${error.message.replaceAll("\n", " ").trim()}`;
  const hint = unknown ? "define it under this environment's values in greenroom.json" : undefined;
  return new GreenroomError("CONFIG_INVALID", message, { hint, cause: error });
}
