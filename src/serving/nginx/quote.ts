import { GreenroomError } from "../../errors.ts";

/** A text that is meant as it is, also where nginx looks for variables. */
export function literal(text: string): string {
  // The dollar would begin a variable, and nginx has no way to say that it doesn't.
  if (/[$\p{Cc}]/u.test(text)) throw refused(text, "dollar signs and control characters");
  return text;
}

/** A text, variables and all, as one word of nginx's configuration. */
export function word(text: string): string {
  return /^[\w./:@$*-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** A regular expression, as part of a word in quotes, that matches just this text. */
export function matching(text: string): string {
  // They would end the word, or be taken away by nginx.
  if (/["\\]/.test(text)) throw refused(text, "quotes and backslashes");
  return literal(text).replace(/[.*+?^{}()|[\]/-]/g, "\\$&");
}

function refused(text: string, without: string): GreenroomError {
  return new GreenroomError("ROUTER_REFUSED", `nginx can't be told of ${JSON.stringify(text)}`, {
    hint: `take a path without ${without}`,
  });
}

/** Each line of a block, moved in. */
export function indent(block: string): string {
  return block.replace(/^(?=.)/gm, "  ");
}
