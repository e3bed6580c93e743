import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { serveCalls } from "../../src/servers/serve.ts";
import { encodeMessage, readMessages } from "../../src/servers/wire.ts";
import { temporaryFolder } from "../release/world.ts";

/** All that is said to whoever sends this, after the greeting. */
async function answersTo(sent: string | Buffer) {
  const [to, from] = [new PassThrough(), new PassThrough()];
  const open = () => Promise.reject(new Error("nothing is to be done"));
  const served = serveCalls({ root: temporaryFolder(), version: "test", open }, to, from);
  to.end(sent);
  await served;
  from.end();
  const answers: Record<string, unknown>[] = [];
  for await (const { head } of readMessages(from)) answers.push(head);
  return answers.slice(1);
}

test.each([
  ["words", "hello\n"],
  ["words without an end", "hello"],
  ["a request of a browser", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["bytes", Buffer.from([0, 255, 254, 10, 13, 0, 10])],
  ["a list", "[]\n"],
  ["a call of nothing", '{"id":1,"call":null}\n'],
  ["a call cut short", '{"id":1,"call":"look"'],
  ["an impossible body", '{"id":1,"call":"look","body":-1}\n'],
  ["a call without what it is about", '{"id":1,"call":"look"}\n'],
])("%s instead of a call: refused, and no bug of ours", async (_, sent) => {
  const answers = await answersTo(sent);
  expect(answers).toMatchObject([{ error: { code: "CALL_REFUSED", hint: expect.any(String) } }]);
});

test("a bug is still told as one", async () => {
  const answers = await answersTo(encodeMessage({ id: 1, by: "x", call: "heads", project: "shop" }));
  expect(answers).toMatchObject([{ id: 1, error: { code: "BUG" } }]);
});
