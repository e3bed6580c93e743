import { existsSync, readdirSync } from "node:fs";
import { PassThrough } from "node:stream";
import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { makeDelta } from "../../src/release/delta.ts";
import { makeManifest } from "../../src/release/manifest.ts";
import { serveCalls } from "../../src/servers/serve.ts";
import { encodeMessage, readMessages } from "../../src/servers/wire.ts";
import { specOf } from "../environment/world.ts";
import { file, temporaryFolder } from "../release/world.ts";

const STRANGE = [
  "../x",
  "..",
  "/etc/passwd",
  "a/../../b",
  "a\0b",
  "$(touch pwned)",
  "`touch pwned`",
  "; touch pwned",
  "| touch pwned",
  "&& touch pwned",
  "\ntouch pwned\n",
  "-rf",
  "--root=/tmp",
  "' or '",
  '"',
  "",
  "%2e%2e/x",
  "A B",
  "~root",
  "*",
];
const BODY_OF = (value: unknown) => deflateRawSync(JSON.stringify(value));
const spec = specOf();
const course = { live: "blue", share: 0, paused: null, history: [], bad: [] };
const head = makeManifest(
  {
    project: "shop",
    version: "1",
    created: "2026-11-21T10:00:00.000Z",
    source: { from: ".", commit: null, mergedOnto: null },
  },
  [],
);
const { entries: _, ...HEAD } = head;

/** One call a strange value, in each of the places that a path, a command line or a file could be made of. */
function callsWith(text: string): { head: object; body?: Buffer }[] {
  const operate = (operation: string, input: object, more: object = {}) => ({
    head: { call: "operate", operation, spec: { ...spec, ...more }, input },
  });
  const dryRun = false;
  const offered = (path: string, more: object = {}) => {
    const entry = {
      ...(file("x") as object),
      kind: "file",
      path,
      executable: false,
      size: 1,
      sha256: "0".repeat(64),
      mtime: 1,
      ...more,
    };
    const manifest = makeManifest(HEAD, [entry as never]);
    const { entries, ...about } = manifest;
    return { head: { call: "offer", head: about, base: null }, body: BODY_OF(makeDelta([], entries)) };
  };
  return [
    operate(text, { dryRun }),
    operate("stage", { release: text, dryRun }),
    operate("stage", { release: "1", dryRun }, { project: text }),
    operate("stage", { release: "1", dryRun }, { environment: text }),
    operate("stage", { release: "1", dryRun }, { domain: text }),
    operate("stage", { release: "1", side: text, dryRun }),
    operate("stage", { release: "1", secret: text, dryRun }),
    operate("check", { side: text, dryRun }),
    operate("join", { course: { ...course, live: text }, dryRun }),
    operate("join", { course: { ...course, history: [text] }, dryRun }),
    operate("join", { course: { ...course, bad: [text] }, dryRun }),
    { head: { call: "look", spec: { ...spec, project: text } } },
    { head: { call: "look", spec: { ...spec, environment: text } } },
    { head: { call: "look", spec: { ...spec, domain: text } } },
    { head: { call: "lines", spec: { ...spec, environment: text }, last: 1, cursors: null } },
    { head: { call: "lines", spec, last: text, cursors: null } },
    { head: { call: "lines", spec, last: 1, cursors: { [text]: { file: text, offset: text } } } },
    { head: { call: "storage", act: "list", spec: { ...spec, storage: ["uploads"] }, path: text } },
    {
      head: {
        call: "storage",
        act: "list",
        spec: { ...spec, storage: ["uploads"] },
        path: `uploads/${text}`,
      },
    },
    { head: { call: "storage", act: text, spec: { ...spec, storage: ["uploads"] }, path: "uploads" } },
    operate("rollback", { to: text, force: false, dryRun }),
    operate("canary", { share: text, force: false, dryRun }),
    operate("remove", { force: true, storage: true, dryRun }, { environment: text }),
    operate("remove", { force: true, storage: text, dryRun }),
    { head: { call: "heads", project: text } },
    { head: { call: "likeness", spec: { ...spec, project: text } } },
    { head: { call: "manifest", project: text, version: "1", known: [] } },
    { head: { call: "manifest", project: "shop", version: text, known: [] } },
    { head: { call: "piece", project: "shop", version: text, piece: { contents: [0], bytes: 1 } } },
    { head: { call: "piece", project: "shop", version: "1", piece: { content: text, at: 0, bytes: 1 } } },
    {
      head: { call: "offer", head: { ...HEAD, version: text }, base: null },
      body: BODY_OF(makeDelta([], [])),
    },
    {
      head: { call: "offer", head: { ...HEAD, project: text }, base: null },
      body: BODY_OF(makeDelta([], [])),
    },
    { head: { call: "offer", head: HEAD, base: text }, body: BODY_OF(makeDelta([], [])) },
    {
      head: {
        call: "promise",
        spec,
        intent: {
          id: text,
          operation: "switch",
          input: { force: false, dryRun },
          servers: [],
          by: "",
          at: "2026-11-21T10:00:00.000Z",
        },
      },
    },
    { head: { call: "abandon", spec, intent: text } },
    { head: { call: text, spec } },
    offered(["../x", "..", "/etc/passwd", "a/../../b", "a\0b", ""].includes(text) ? text : `../${text}`),
    offered("link", { kind: "link", target: `../../${text}` }),
  ];
}

async function answersOf(root: string, calls: { head: object; body?: Buffer }[]) {
  const [to, from] = [new PassThrough(), new PassThrough()];
  const appOf = (emit: () => void) => createApp({ root, project: undefined, emit, version: "test", by: "x" });
  const served = serveCalls(
    {
      root,
      version: "test",
      open: async () => ({
        sceneOf: (wanted) => appOf(() => {}).sceneOf(wanted),
        store: () => appOf(() => {}).world().store,
      }),
    },
    to,
    from,
  );
  for (const { head, body } of calls) to.write(encodeMessage({ id: 1, by: "x", ...head }, body));
  to.end();
  await served;
  from.end();
  const answers: Record<string, unknown>[] = [];
  for await (const message of readMessages(from)) answers.push(message.head);
  return answers.slice(1);
}

test("whoever says strange things is refused each of them, and nothing comes of it", async () => {
  const root = temporaryFolder();
  const calls = STRANGE.flatMap(callsWith);
  expect(calls.length).toBeGreaterThanOrEqual(200);
  const answers = await answersOf(root, calls);
  const taken = answers.flatMap((answer, i) => (answer.error ? [] : [calls[i]]));
  expect(taken).toEqual([]);
  expect(answers.length).toBe(calls.length);
  expect(answers.filter(({ error }) => (error as { code: string }).code === "BUG")).toEqual([]);
  const left = existsSync(root) ? readdirSync(root).filter((name) => name !== "store") : [];
  expect(left).toEqual([]);
  expect(existsSync("pwned")).toBe(false);
});

test("the same words are taken where they are right", async () => {
  const answers = await answersOf(temporaryFolder(), [
    { head: { call: "heads", project: "shop" } },
    { head: { call: "look", spec } },
  ]);
  expect(answers.map(({ error }) => error)).toEqual([undefined, undefined]);
});
