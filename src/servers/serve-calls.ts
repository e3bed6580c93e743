import { z } from "zod";
import { readBasis } from "../environment/basis.ts";
import { readLikeness } from "../environment/likeness.ts";
import type { Emit } from "../events.ts";
import { parse, parseIntent, perform } from "./calls.ts";
import { abandon, promise, readPromise } from "./fleet/promise.ts";
import { createDeliveries, type Deliveries } from "./releases/deliveries.ts";
import { lendManifest, lendPiece } from "./releases/lend.ts";
import type { Conversation, Workshop } from "./serve.ts";
import { specSchema } from "./spec-schema.ts";
import { createRooms, type Rooms } from "./storage/rooms.ts";
import type { Message } from "./wire.ts";

/** Answers a call that may change something here. */
export async function answerCall(conversation: Conversation, message: Message, emit: Emit): Promise<object> {
  const by = parse(caller, message.head.by);
  const call = parse(z.enum(Object.keys(CALLS) as [CallName]), message.head.call);
  const workshop = await conversation.callee.open();
  // What it has read of manifests counts for the whole conversation.
  conversation.store ??= workshop.store();
  const { store } = conversation;
  conversation.deliveries ??= createDeliveries(store);
  conversation.rooms ??= createRooms();
  const { deliveries, rooms, isHeard } = conversation;
  return CALLS[call]({ ...workshop, store: () => store, deliveries, rooms, isHeard }, message, emit, by);
}

/** Journals and tables show it. */
const caller = z
  .string()
  .max(200)
  .regex(/^[^\p{Cc}]*$/u);

type CallName =
  | "operate"
  | "promise"
  | "promised"
  | "abandon"
  | "likeness"
  | "basis"
  | "heads"
  | "offer"
  | "put"
  | "part"
  | "record"
  | "manifest"
  | "piece"
  | "storage";
type Called = Workshop & Pick<Conversation, "isHeard"> & { deliveries: Deliveries; rooms: Rooms };
type Call = (callee: Called, message: Message, emit: Emit, by: string) => Promise<object> | object;

const CALLS: Record<CallName, Call> = {
  operate({ sceneOf }, { head: { operation, spec, input, intent } }, emit, by) {
    return perform((wanted) => sceneOf(wanted, emit, by), { operation, spec, input, intent });
  },
  promise: ({ sceneOf, isHeard }, { head }, emit, by) =>
    promise(sceneOf(parse(specSchema, head.spec), emit, by), parseIntent(head.intent), isHeard),
  promised: ({ sceneOf }, { head }, emit, by) =>
    readPromise(sceneOf(parse(specSchema, head.spec), emit, by), parse(z.uuid().nullable(), head.intent)),
  abandon: ({ sceneOf }, { head }, emit, by) =>
    abandon(sceneOf(parse(specSchema, head.spec), emit, by), parse(z.uuid(), head.intent)),
  likeness: ({ sceneOf }, { head }, emit, by) => ({
    likeness: readLikeness(sceneOf(parse(specSchema, head.spec), emit, by)),
  }),
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
  storage({ sceneOf, rooms }, { head, body }, emit, by) {
    const act = parse(z.enum(["place", "list", "read", "write", "folders", "remove", "end"]), head.act);
    return rooms[act](sceneOf(parse(specSchema, head.spec), emit, by), head, body);
  },
};
