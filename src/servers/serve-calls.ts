import type { Readable, Writable } from "node:stream";
import { z } from "zod";
import type { EnvironmentSpec } from "../environment/spec.ts";
import type { Scene } from "../environment/world.ts";
import { GreenroomError, translateErrno } from "../errors.ts";
import type { Emit } from "../events.ts";
import { parse, perform } from "./calls.ts";
import { specSchema } from "./spec-schema.ts";
import { viewOf } from "./view.ts";
import { encodeMessage, type Message, readMessages } from "./wire.ts";

/** Changes with what the two sides of a line say to each other. */
export const PROTOCOL = 1;

export interface Callee {
  version: string;
  /** An environment here, what happens to it told to `emit`, in the name of whoever asks. */
  sceneOf(spec: EnvironmentSpec, emit: Emit, by: string): Scene;
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
    for await (const message of readMessages(from)) await answer(callee, message, say);
  } catch (error) {
    say({ error: describe(error) });
  }
}

async function answer(callee: Callee, { head }: Message, say: (head: object) => void): Promise<void> {
  const { id } = head;
  try {
    const by = parse(z.string().max(200), head.by);
    const emit: Emit = (event) => say({ id, event });
    say({ id, result: await CALLS[parse(z.enum(["operate", "look"]), head.call)](callee, head, emit, by) });
  } catch (error) {
    say({ id, error: describe(error) });
  }
}

type Call = (callee: Callee, head: Message["head"], emit: Emit, by: string) => Promise<object>;

const CALLS: Record<"operate" | "look", Call> = {
  async operate({ sceneOf }, { operation, spec, input }, emit, by) {
    return perform((wanted) => sceneOf(wanted, emit, by), { operation, spec, input });
  },
  async look({ sceneOf }, { spec }, emit, by) {
    return viewOf(sceneOf(parse(specSchema, spec), emit, by));
  },
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
