import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { serveCalls } from "../../src/servers/serve.ts";
import { encodeMessage, readMessages } from "../../src/servers/wire.ts";
import { specOf } from "../environment/world.ts";
import { temporaryFolder } from "../release/world.ts";

test("who follows logs and is never heard of again is taken for gone, though the line is still there", async () => {
  const root = temporaryFolder();
  mkdirSync(join(root, "sites/shop/production/releases"), { recursive: true });
  const [to, from] = [new PassThrough(), new PassThrough()];
  const open = () => Promise.reject(new Error("nothing is to be done"));
  const served = serveCalls({ root, version: "test", open, silence: 20 }, to, from);
  to.write(encodeMessage({ id: 1, call: "lines", spec: specOf(), last: 9, cursors: null }));
  await served;
  from.end();
  const answers = [];
  for await (const { head } of readMessages(from)) answers.push(head);
  expect(answers[1]).toMatchObject({ id: 1, result: { lines: [], more: false } });
});
