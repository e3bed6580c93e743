import { Readable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeMessage, type Message, readMessages } from "../../src/servers/wire.ts";

async function readAll(chunks: Buffer[]): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of readMessages(Readable.from(chunks))) messages.push(message);
  return messages;
}

function cut(bytes: Buffer, sizes: number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let rest = bytes;
  for (const size of sizes) {
    chunks.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  return [...chunks, rest].filter((chunk) => chunk.length > 0);
}

test("messages arrive as they were sent, however the line cuts them", async () => {
  const message = fc.record({
    head: fc.record({ op: fc.string() }),
    body: fc.option(fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))),
  });
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 6 }), sizes, async (messages, cuts) => {
      const bytes = Buffer.concat(messages.map(({ head, body }) => encodeMessage(head, body)));
      const read = await readAll(cut(bytes, cuts));
      expect(read.map(({ head, body }) => [head.op, body.toString("hex")])).toEqual(
        messages.map(({ head, body }) => [head.op, (body ?? Buffer.alloc(0)).toString("hex")]),
      );
    }),
  );
});

test.each([
  ["a line that is no message", "Last login: today\n", /isn't Greenroom's: Last login/],
  ["a cut in a head", '{"op":', /cut in the middle/],
  ["a cut in a body", '{"op":"x","body":5}\nabc', /cut in the middle/],
  ["an impossible size", '{"op":"x","body":-1}\n', /can't be/],
  ["a number", "5\n", /isn't Greenroom's/],
])("%s is refused", async (_, text, why) => {
  await expect(readAll([Buffer.from(text)])).rejects.toThrow(why);
});
