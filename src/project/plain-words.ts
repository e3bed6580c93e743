import type { z } from "zod";

/** What zod says by itself, which no error of the schema's own replaced. */
const RAW = /^(Invalid|Too (big|small)|Unrecognized)\b/;

const KINDS: Record<string, string> = {
  object: "an object, in { }",
  record: "an object, in { }",
  array: "a list, in [ ]",
  string: "a text, in double quotes",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

/** What a person is to write there. */
export function plainWords(issue: z.core.$ZodIssue): string {
  if (!RAW.test(issue.message)) return issue.message;
  switch (issue.code) {
    case "invalid_type":
      return `${isMissing(issue) ? "it is missing: " : ""}write ${KINDS[issue.expected] ?? issue.expected}`;
    case "too_big":
      return issue.origin === "array"
        ? `list at most ${issue.maximum}`
        : `write a number of at most ${issue.maximum}`;
    case "too_small":
      return issue.origin === "array"
        ? `list at least ${issue.minimum}`
        : `write a number of at least ${issue.minimum}`;
    case "invalid_value":
      return `write ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    case "invalid_format":
      return "prefix" in issue ? `begin it with ${JSON.stringify(issue.prefix)}` : "it doesn't fit";
    default:
      return "it doesn't fit";
  }
}

export function isMissing(issue: z.core.$ZodIssue): boolean {
  return issue.code === "invalid_type" && /received undefined/.test(issue.message);
}
