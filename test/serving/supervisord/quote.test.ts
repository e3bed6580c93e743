import { expect, test } from "vitest";
import { confValue, shellWord } from "../../../src/serving/supervisord/quote.ts";

test("a word of a shell is one word, whatever is in it", () => {
  expect(shellWord("it's $HOME `x` \\")).toBe(`'it'"'"'s $HOME \`x\` \\'`);
});

test("supervisord expands no per cent sign of ours, and what it would take for a comment is refused", () => {
  expect(confValue("/srv/100%/%(here)s;x")).toBe("/srv/100%%/%%(here)s;x");
  for (const path of ["/srv/a ;b", "/srv/a #b", "/srv/a\nb"])
    expect(() => confValue(path)).toThrow(expect.objectContaining({ code: "ROOT_UNUSABLE" }));
});
