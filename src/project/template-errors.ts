import { GreenroomError } from "../errors.ts";

/** What the template engine said, as where in the template, what, and what helps. */
export function explainTemplate(error: unknown, template: string, text: string): unknown {
  if (!(error instanceof Error)) return error;
  const start = findUnknown(error.message, text);
  if (start === null) return explainBroken(error, template, text);
  const name = /^[^\s{}()|]+/.exec(text.slice(start))?.[0] ?? "a name";
  const hint = "define it under this environment's values in greenroom.json";
  return refusal(template, placeOf(text, start), `${name} is not defined`, hint, error);
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

export function nestedTooDeeply(
  text: string,
  template: string,
  offset: number,
  cause?: Error,
): GreenroomError {
  const hint = "take blocks out of each other: what is decided in many steps, decide in values";
  return refusal(template, placeOf(text, offset), "it is nested too deeply", hint, cause);
}

function explainBroken(error: Error, template: string, text: string): GreenroomError {
  const { message } = error;
  // The stack is at its end.
  if (error instanceof RangeError) return nestedTooDeeply(text, template, 0, error);
  const hint = "templates are Handlebars: {{name}}, {{#if name}} … {{/if}}";
  const parsed = /^(?:Parse|Lexical) error on line (\d+)[:.]/.exec(message);
  if (parsed) return refusal(template, `line ${parsed[1]}`, "what stands there isn't finished", hint, error);
  const told = /^(.*) - (\d+):(\d+)$/s.exec(message);
  if (told) return refusal(template, `line ${told[2]}, column ${Number(told[3]) + 1}`, told[1]!, hint, error);
  // What fails only when it is filled in: the engine tells its name.
  const name = /"([^"]+)"|(#\w+)|partial (\S+)/.exec(message)?.slice(1).find(Boolean);
  const found = name === undefined ? -1 : text.indexOf(name);
  return refusal(template, found === -1 ? null : placeOf(text, found), message, hint, error);
}

function refusal(template: string, place: string | null, what: string, hint: string, cause?: Error) {
  const where = place === null ? template : `${template}, ${place}`;
  return new GreenroomError("CONFIG_INVALID", `${where}: ${what.replaceAll("\n", " ").trim()}`, {
    hint,
    cause,
  });
}

function placeOf(text: string, offset: number): string {
  const lines = text.slice(0, offset).split("\n");
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
}

function lineStart(text: string, line: number): number {
  return text
    .split("\n")
    .slice(0, line - 1)
    .reduce((sum, each) => sum + each.length + 1, 0);
}
