// Whoever can name a file or write a log may not move the cursor of a terminal, or turn the direction of its text.
const HIDDEN = "\\p{Cc}|[\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]";
const COLOUR = "\\u001b\\[[\\d;]*m";

/** One line for a screen: what would do something instead of being seen is spelt out. */
export function visible(line: string): string {
  return line.replace(ALL, spell);
}

/** Several lines of ours, or one of a program that may colour it. */
export function visibleInColour(text: string): string {
  return text.replace(BUT_COLOUR, (found, kept?: string) => kept ?? spell(found));
}

const ALL = new RegExp(HIDDEN, "gu");
const BUT_COLOUR = new RegExp(`(${COLOUR}|[\\n\\t])|${HIDDEN}`, "gu");

function spell(letter: string): string {
  return JSON.stringify(letter).length > 3
    ? JSON.stringify(letter).slice(1, -1)
    : `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
