import type { z } from "zod";
import { isMissing, plainWords } from "./plain-words.ts";
import { nearest } from "./suggest.ts";

/** What zod found, as lines a person can act on: where, what, and what was probably meant. */
export function explainIssues(error: z.ZodError, keysAt: (path: PropertyKey[]) => string[]): string[] {
  return error.issues.flatMap((issue) => explainIssue(issue, keysAt));
}

function explainIssue(issue: z.core.$ZodIssue, keysAt: (path: PropertyKey[]) => string[]): string[] {
  const where = pathText(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const meant = nearest(key, keysAt(issue.path));
      return `${pathText([...issue.path, key])}: unknown key${meant ? `; did you mean ${JSON.stringify(meant)}?` : ""}`;
    });
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const missing = issue.errors.flatMap((branch) => branch.find(isMissing) ?? []);
    if (missing.length === issue.errors.length) {
      const keys = missing.map(({ path }) => JSON.stringify(path.at(-1)));
      return [`${where}: it needs one of ${keys.join(", ")}`];
    }
    const best = [...issue.errors].sort((a, b) => distance(a) - distance(b))[0]!;
    return best.flatMap((inner) => explainIssue({ ...inner, path: [...issue.path, ...inner.path] }, keysAt));
  }
  if (issue.code === "invalid_key") {
    const name = JSON.stringify(issue.path.at(-1));
    return issue.issues.map(
      ({ message }) => `${pathText(issue.path.slice(0, -1))}: ${name} doesn't fit: ${message}`,
    );
  }
  return [`${where}: ${plainWords(issue)}`];
}

/** The branch of a union that was probably meant is the one that fails deepest, with the fewest complaints. */
function distance(issues: z.core.$ZodIssue[]): number {
  const missing = issues.some((issue) => issue.path.length === 1 && isMissing(issue));
  return issues.length + (missing ? 10 : 0);
}

function pathText(path: PropertyKey[]): string {
  if (path.length === 0) return "the whole file";
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
}
