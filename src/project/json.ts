import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { GreenroomError } from "../errors.ts";
import { PROJECT_FILE } from "./schema.ts";

/** What greenroom.json says; refuses by line and column what JSON.parse would take for something else than it says. */
export function parseJson(text: string): unknown {
  const errors: ParseError[] = [];
  try {
    const tree = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
    if (errors[0]) throw broken(text, errors[0]);
    if (tree) assertKeys(text, tree);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new GreenroomError("CONFIG_INVALID", `${PROJECT_FILE}: it is nested too deeply`, { cause: error });
  }
  return JSON.parse(text);
}

function broken(text: string, { error, offset }: ParseError): GreenroomError {
  const words = printParseErrorCode(error)
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return refusal(text, offset, words, "JSON wants double quotes, and commas between values only");
}

function assertKeys(text: string, { type, children = [] }: Node): void {
  const seen = new Set<string>();
  for (const child of children) {
    if (type === "object") assertKey(text, child.children![0]!, seen);
    assertKeys(text, child);
  }
}

function assertKey(text: string, { value: key, offset }: Node, seen: Set<string>): void {
  if (seen.has(key)) throw refusal(text, offset, `${JSON.stringify(key)} is there twice`, "keep one of them");
  // JavaScript's own word for something else: what is below it would be passed over.
  if (key === "__proto__") throw refusal(text, offset, `nothing can be called "__proto__"`, "rename it");
  seen.add(key);
}

function refusal(text: string, offset: number, what: string, hint: string): GreenroomError {
  const before = text.slice(0, offset).split("\n");
  const place = `line ${before.length}, column ${before.at(-1)!.length + 1}`;
  return new GreenroomError("CONFIG_INVALID", `${PROJECT_FILE}: ${place}: ${what}`, { hint });
}
