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
    throw explain(error, template, text);
  }
}

function explain(error: unknown, template: string, text: string): unknown {
  if (!(error instanceof Error)) return error;
  const start = findUnknown(error.message, text);
  if (start === null) {
    const words = error.message.replaceAll("\n", " ").trim();
    return new GreenroomError("CONFIG_INVALID", `${template}: ${words}`, { cause: error });
  }
  const lines = text.slice(0, start).split("\n");
  const place = `${template}, line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
  const name = /^[^\s{}()|]+/.exec(text.slice(start))?.[0] ?? "a name";
  const hint = "define it under this environment's values in greenroom.json";
  return new GreenroomError("CONFIG_INVALID", `${place}: ${name} is not defined`, { hint, cause: error });
}

/** Where in the template the name begins that isn't known. */
function findUnknown(message: string, text: string): number | null {
  const told = /" not defined in .* - (\d+):(\d+)$/s.exec(message);
  if (told) return lineStart(text, Number(told[1])) + Number(told[2]);
  // What is asked for below a text or a number; of that the engine tells the last part only.
  const below = /^Cannot use 'in' operator to search for '(.+)' in /s.exec(message);
  const end = below ? text.indexOf(`.${below[1]}`) : -1;
  return end === -1 ? null : end - /[^\s{}()=]*$/.exec(text.slice(0, end))![0].length;
}

function lineStart(text: string, line: number): number {
  return text
    .split("\n")
    .slice(0, line - 1)
    .reduce((sum, each) => sum + each.length + 1, 0);
}
