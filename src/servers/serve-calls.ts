import type { Readable, Writable } from "node:stream";
import { z } from "zod";
import { readBasis } from "../environment/basis.ts";
import { readLikeness } from "../environment/likeness.ts";
import type { EnvironmentSpec } from "../environment/spec.ts";
import type { Scene } from "../environment/world.ts";
import { GreenroomError, translateErrno } from "../errors.ts";
import type { Emit } from "../events.ts";
import type { Store } from "../release/store.ts";
import { parse, parseIntent, perform } from "./calls.ts";
import { createDeliveries, type Deliveries } from "./deliveries.ts";
import { lendManifest, lendPiece } from "./lend.ts";
import { abandon, promise, readPromise } from "./promise.ts";
import { specSchema } from "./spec-schema.ts";
import { stockOf } from "./stock.ts";
import { viewOf } from "./view.ts";
import { encodeMessage, type Message, Parcel, readMessages } from "./wire.ts";

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
  const say = (head: object, body?: Buffer) => void to.write(encodeMessage(head, body));
  say({ hello: { protocol: PROTOCOL, version: callee.version } });
  try {
    // What it has read of manifests counts for the whole conversation.
    const store = callee.store();
    const told = { ...callee, store: () => store, deliveries: createDeliveries(store) };
    for await (const message of readMessages(from)) await answer(told, message, say);
  } catch (error) {
    say({ error: describe(error) });
  }
}

type Conversation = Callee & { deliveries: Deliveries };
type Say = (head: object, body?: Buffer) => void;

async function answer(callee: Conversation, message: Message, say: Say): Promise<void> {
  const { head } = message;
  const { id } = head;
  try {
    const by = parse(z.string().max(200), head.by);
    const emit: Emit = (event) => say({ id, event });
    const call = parse(z.enum(Object.keys(CALLS) as [CallName]), head.call);
    const result = await CALLS[call](callee, message, emit, by);
    if (result instanceof Parcel) say({ id, result: result.head }, result.body);
    else say({ id, result });
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
  | "record"
  | "likeness"
  | "stock"
  | "basis"
  | "manifest"
  | "piece";
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
  likeness: ({ sceneOf }, { head }, emit, by) => ({
    likeness: readLikeness(sceneOf(parse(specSchema, head.spec), emit, by)),
  }),
  stock: ({ sceneOf }, { head }, emit, by) => stockOf(sceneOf(parse(specSchema, head.spec), emit, by)),
  basis: ({ sceneOf }, { head }, emit, by) => readBasis(sceneOf(parse(specSchema, head.spec), emit, by)),
  heads: ({ deliveries }, { head }) => deliveries.heads({ project: head.project }),
  offer: ({ deliveries }, { head, body }) => deliveries.offer({ head: head.head, base: head.base }, body),
  put: ({ deliveries }, { head, body }) => deliveries.put({ contents: head.contents }, body),
  part: ({ deliveries }, { head, body }) => deliveries.part({ content: head.content, at: head.at }, body),
  record: ({ deliveries }) => deliveries.record(),
  manifest: ({ store }, { head: { project, version, known } }) =>
    lendManifest(store(), { project, version, known }),
  piece: ({ store }, { head: { project, version, piece } }) =>
    lendPiece(store(), { project, version, piece }),
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
