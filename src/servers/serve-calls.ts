import type { Readable, Writable } from "node:stream";
import { z } from "zod";
import type { EnvironmentSpec } from "../environment/spec.ts";
import type { Scene } from "../environment/world.ts";
import { GreenroomError, translateErrno } from "../errors.ts";
import type { Emit } from "../events.ts";
import type { Store } from "../release/store.ts";
import { parse, parseIntent, perform } from "./calls.ts";
import { createDeliveries, type Deliveries } from "./deliveries.ts";
import { abandon, promise, readPromise } from "./promise.ts";
import { specSchema } from "./spec-schema.ts";
import { viewOf } from "./view.ts";
import { encodeMessage, type Message, readMessages } from "./wire.ts";

/** Changes with what the two sides of a line say to each other. */
export const PROTOCOL = 1;

export interface Callee {
  version: string;
  /** An environment here, what happens to it told to `emit`, in the name of whoever asks. */
  sceneOf(spec: EnvironmentSpec, emit: Emit, by: string): Scene;
  store(): Store;
}

/**
 * Answers calls one after the other until there are no more. Whoever called may go away at any moment: what was begun
 * is finished all the same.
 */
export async function serveCalls(callee: Callee, from: Readable, to: Writable): Promise<void> {
  to.on("error", () => {});
  // What the line's end would bring upon us.
  process.on("SIGHUP", () => {});
  const say = (head: object) => void to.write(encodeMessage(head));
  say({ hello: { protocol: PROTOCOL, version: callee.version } });
  try {
    const deliveries = createDeliveries(callee.store());
    for await (const message of readMessages(from)) await answer({ ...callee, deliveries }, message, say);
  } catch (error) {
    say({ error: describe(error) });
  }
}

type Conversation = Callee & { deliveries: Deliveries };

async function answer(callee: Conversation, message: Message, say: (head: object) => void): Promise<void> {
  const { head } = message;
  const { id } = head;
  try {
    const by = parse(z.string().max(200), head.by);
    const emit: Emit = (event) => say({ id, event });
    const call = parse(z.enum(Object.keys(CALLS) as [CallName]), head.call);
    say({ id, result: await CALLS[call](callee, message, emit, by) });
  } catch (error) {
    say({ id, error: describe(error) });
  }
}

type CallName =
  | "operate"
  | "promise"
  | "promised"
  | "abandon"
  | "look"
  | "heads"
  | "offer"
  | "put"
  | "part"
  | "record";
type Call = (callee: Conversation, message: Message, emit: Emit, by: string) => Promise<object> | object;

const CALLS: Record<CallName, Call> = {
  operate({ sceneOf }, { head: { operation, spec, input, intent } }, emit, by) {
    return perform((wanted) => sceneOf(wanted, emit, by), { operation, spec, input, intent });
  },
  promise: ({ sceneOf }, { head }, emit, by) =>
    promise(sceneOf(parse(specSchema, head.spec), emit, by), parseIntent(head.intent)),
  promised: ({ sceneOf }, { head }, emit, by) =>
    readPromise(sceneOf(parse(specSchema, head.spec), emit, by), parse(z.uuid().nullable(), head.intent)),
  abandon: ({ sceneOf }, { head }, emit, by) =>
    abandon(sceneOf(parse(specSchema, head.spec), emit, by), parse(z.uuid(), head.intent)),
  look: ({ sceneOf }, { head }, emit, by) => viewOf(sceneOf(parse(specSchema, head.spec), emit, by)),
  heads: ({ deliveries }, { head }) => deliveries.heads({ project: head.project }),
  offer: ({ deliveries }, { head, body }) => deliveries.offer({ head: head.head, base: head.base }, body),
  put: ({ deliveries }, { head, body }) => deliveries.put({ contents: head.contents }, body),
  part: ({ deliveries }, { head, body }) => deliveries.part({ content: head.content, at: head.at }, body),
  record: ({ deliveries }) => deliveries.record(),
};

/** What the other side makes an error of its own from. */
function describe(thrown: unknown): object {
  const error = translateErrno(thrown);
  if (error instanceof GreenroomError) {
    const { code, message, hint, detail } = error;
    return { code, message, hint, detail };
  }
  const detail = error instanceof Error ? (error.stack ?? error.message).split("\n") : [String(error)];
  return { code: "BUG", message: "this is a bug of Greenroom's, on the server", detail };
}
