import type { Readable, Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { EnvironmentSpec } from "../environment/spec.ts";
import type { Scene } from "../environment/world.ts";
import { GreenroomError, translateErrno } from "../errors.ts";
import type { Emit } from "../events.ts";
import type { Store } from "../release/store.ts";
import { placeOf } from "./place.ts";
import type { Deliveries } from "./releases/deliveries.ts";
import { type Looking, seeing } from "./seeing.ts";
import type { Rooms } from "./storage/rooms.ts";
import { encodeMessage, type Message, Parcel, readMessages, WireError } from "./wire.ts";

/** Changes with what the two sides of a line say to each other. */
export const PROTOCOL = 3;

/** What the far end says of itself first. */
export interface Hello {
  protocol: number;
  version: string;
  root: string;
  place: string | null;
}

export interface Callee extends Looking {
  /** What is needed where something is to be done. */
  open(): Promise<Workshop>;
  /** How long somebody who follows logs may say nothing, in milliseconds; a minute unless told. */
  silence?: number;
}

export interface Workshop {
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
  const say: Say = (head, body) => void to.write(encodeMessage(head, body));
  const { root, version } = callee;
  say({ hello: { protocol: PROTOCOL, version, root, place: placeOf(root) } satisfies Hello });
  const isHeard = async () => {
    // Takes nothing, and brings about the end that has come: `ssh` outlives who called, but not its own input.
    from.read(0);
    await nextTurn();
    return !from.readableEnded;
  };
  const conversation: Conversation = { callee, isHeard, store: null, deliveries: null, rooms: null };
  try {
    const silence = endWhenSilent(from, callee.silence ?? SILENCE);
    for await (const message of readMessages(from)) {
      silence.broken();
      await answer(conversation, message, say);
      if (message.head.call === "lines") silence.begins();
    }
  } catch (error) {
    say({ error: describe(error instanceof WireError ? refused(error) : error) });
  } finally {
    await conversation.rooms?.leave();
  }
}

/** Who follows logs asks twice a second. */
const SILENCE = 60_000;

// sshd learns only after hours that a machine at the other end went away without a word.
function endWhenSilent(from: Readable, limit: number) {
  let timer: NodeJS.Timeout | undefined;
  return {
    broken: () => clearTimeout(timer),
    begins: () => {
      timer = setTimeout(() => from.destroy(), limit).unref();
    },
  };
}

/** What one line has come to so far. */
export interface Conversation {
  callee: Callee;
  /** Whether the line leads anywhere still. */
  isHeard: () => Promise<boolean>;
  store: Store | null;
  deliveries: Deliveries | null;
  rooms: Rooms | null;
}

type Say = (head: object, body?: Buffer) => void;

async function answer(conversation: Conversation, message: Message, say: Say) {
  const { id, call } = message.head;
  try {
    const look = typeof call === "string" && Object.hasOwn(seeing, call) ? seeing[call] : undefined;
    const result = look
      ? await look(conversation.callee, message.head)
      : await act(conversation, message, (event) => say({ id, event }));
    if (result instanceof Parcel) say({ id, result: result.head }, result.body);
    else say({ id, result });
  } catch (error) {
    say({ id, error: describe(error) });
  }
}

// Twenty servers that are only looked at shouldn't each load all that can be done to them.
async function act(conversation: Conversation, message: Message, emit: Emit): Promise<object> {
  const { answerCall } = await import("./serve-calls.ts");
  return answerCall(conversation, message, emit);
}

/** Whoever has a restricted key may send what they like. */
function refused(cause: WireError): GreenroomError {
  return new GreenroomError("CALL_REFUSED", `this server takes no such call: ${cause.message}`, {
    hint: "this line is for Greenroom on another machine: greenroom status there uses it",
    cause,
  });
}

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
