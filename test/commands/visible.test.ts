import { expect, test } from "vitest";
import { nameIn } from "../../src/commands/name-environment.ts";
import { visible, visibleInColour } from "../../src/commands/visible.ts";

test("what a terminal would obey is spelt out", () => {
  expect(visible("a\u001b[31mb\u0007\r\n\u009b2J\u202e ä→")).toBe(
    "a\\u001b[31mb\\u0007\\r\\n\\u009b2J\\u202e ä→",
  );
});

test("colours, lines and columns of an answer stay, and nothing else", () => {
  expect(visibleInColour("\u001b[31mred\u001b[39m\n\tx\u001b]0;title\u0007\u001b[2J")).toBe(
    "\u001b[31mred\u001b[39m\n\tx\\u001b]0;title\\u0007\\u001b[2J",
  );
});

test("a hint names the environment, once", () => {
  expect(nameIn("greenroom releases", "staging")).toBe("greenroom releases staging");
  expect(nameIn("with: greenroom verify, then stage again", "p")).toBe(
    "with: greenroom verify p, then stage again",
  );
  expect(nameIn("greenroom verify p", "p")).toBe("greenroom verify p");
});
