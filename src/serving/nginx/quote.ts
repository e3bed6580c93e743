import { GreenroomError } from "../../errors.ts";

/** A text that is meant as it is, also where nginx looks for variables. */
export function literal(text: string): string {
  // The dollar would begin a variable, and nginx has no way to say that it doesn't.
  if (!text.includes("$") && !/\p{Cc}/u.test(text)) return text;
  throw new GreenroomError("ROUTER_REFUSED", `nginx can't be told of ${JSON.stringify(text)}`, {
    hint: "take a path without dollar signs and control characters",
  });
}

/** A text, variables and all, as one word of nginx's configuration. */
export function word(text: string): string {
  return /^[\w./:@$*-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** A regular expression that matches just this text. */
export function matching(text: string): string {
  return literal(text).replace(/[.*+?^{}()|[\]\\/-]/g, "\\$&");
}

/** Each line of a block, moved in. */
export function indent(block: string): string {
  return block.replace(/^(?=.)/gm, "  ");
}
