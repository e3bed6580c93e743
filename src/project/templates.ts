import { readFileSync } from "node:fs";
import { join } from "node:path";
import Handlebars from "handlebars";
import type { ConfigFile } from "../environment/spec.ts";
import { errnoOf, GreenroomError } from "../errors.ts";
import { assertShallow } from "./template-depth.ts";
import { explainTemplate } from "./template-errors.ts";

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
  assertShallow(text, template);
  try {
    // An environment of its own: no helper that something else registered, none that prints.
    const engine = Handlebars.create();
    engine.unregisterHelper("log");
    return engine.compile(text, COMPILING)(onlyOwn(values), RENDERING);
  } catch (error) {
    throw explainTemplate(error, template, text);
  }
}

const COMPILING: Parameters<typeof Handlebars.compile>[1] = {
  strict: true,
  noEscape: true,
  // Whatever isn't a helper may be a value's name.
  knownHelpers: { log: false, helperMissing: false, blockHelperMissing: false },
};

// It is so unless told, but untold the engine prints a warning, too.
const RENDERING: Handlebars.RuntimeOptions = {
  allowProtoMethodsByDefault: false,
  allowProtoPropertiesByDefault: false,
};

/** Names that every template knows by itself, so no value can have them. */
export const TEMPLATE_NAMES = ["project", "environment", "domain", "if", "unless", "each", "with", "lookup"];

// The engine asks whether a name is `in` an object, and every object has a "constructor".
function onlyOwn<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  const inner = Array.isArray(value)
    ? value.map(onlyOwn)
    : Object.fromEntries(Object.entries(value).map(([name, one]) => [name, onlyOwn(one)]));
  return new Proxy(inner as T & object, { has: (target, name) => Object.hasOwn(target, name) });
}
