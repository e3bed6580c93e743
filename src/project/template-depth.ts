import { nestedTooDeeply } from "./template-errors.ts";

const DEEPEST = 100;

/** Nobody nests deeper on purpose, and the engine takes minutes for it, or more than the stack holds. */
export function assertShallow(text: string, template: string): void {
  const place = findDeepBlock(text) ?? findDeepParentheses(text);
  if (place !== null) throw nestedTooDeeply(text, template, place);
}

function findDeepBlock(text: string): number | null {
  // Of each open block how many levels it is: every "else if" is one more.
  const open: number[] = [];
  let depth = 0;
  for (const { 1: sign = "", index } of text.matchAll(/\{\{~?\s*(#|\/|\^\s*\w|else\s+\w)/g)) {
    if (sign === "/") {
      depth -= open.pop() ?? 0;
      continue;
    }
    open.push(sign.startsWith("else") ? (open.pop() ?? 0) + 1 : 1);
    depth += 1;
    if (depth > DEEPEST) return index;
  }
  return null;
}

function findDeepParentheses(text: string): number | null {
  for (const { 0: call, index } of text.matchAll(/\{\{[^}]*/g)) {
    let depth = 0;
    for (const letter of call) {
      if (letter === "(") depth += 1;
      if (letter === ")") depth -= 1;
      if (depth > DEEPEST) return index;
    }
  }
  return null;
}
