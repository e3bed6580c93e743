import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Likeness } from "../environment/likeness.ts";
import type { LoggedRequest } from "../environment/logs/access-log.ts";
import type { ListedRelease } from "../environment/releases.ts";
import { GreenroomError } from "../errors.ts";
import type { Emit, Event } from "../events.ts";
import type { ManifestHead } from "../release/manifest.ts";
import { skewOf } from "./clock.ts";
import type { Host } from "./host.ts";
import type { machineOf } from "./machine.ts";
import { deliver } from "./releases/deliver.ts";
import { fetchRelease } from "./releases/fetch.ts";
import { type Hello, PROTOCOL } from "./serve.ts";
import type { Server } from "./server.ts";
import { type Line, openLine, type Patience } from "./ssh/line.ts";
import type { Bundle } from "./ssh/script.ts";
import { openRemoteRoom } from "./storage/remote-room.ts";
import { encodeMessage, type Message, Parcel, readMessages } from "./wire.ts";

export interface Caller {
  bundle: Bundle;
  /** user@host, for the journals of the servers. */
  by: string;
  emit: Emit;
  /** Unless told, it is waited for as long as anything is done there. */
  patience?: Patience | undefined;
}

let own: Bundle | undefined;

/** The program that runs just now; for many servers it is read once. */
export function readOwnBundle(version: string): Bundle {
  if (own) return own;
  const content = readFileSync(process.argv[1]!);
  own = { version, sha256: createHash("sha256").update(content).digest("hex"), content };
  return own;
}

/** A machine at the other end of a line; one line carries all that a command has to say to it. */
export async function connect(server: Server, { bundle, by, emit, patience }: Caller): Promise<Host> {
  const line = await openLine(server, bundle, patience);
  const messages = readMessages(line.said);
  let hello: Hello;
  try {
    hello = await readHello(server, line, messages);
  } catch (error) {
    line.cut();
    throw error;
  }
  let last = 0;
  let turn: Promise<unknown> = Promise.resolve();

  const ask = async (head: object, body?: Buffer): Promise<Parcel> => {
    const id = ++last;
    await line.write(encodeMessage({ id, by, ...head }, body));
    for (;;) {
      const { head: said, body: bytes } = await next(server, line, messages);
      if (said.error) throw errorFrom(server, said.error as SaidError);
      if (said.id !== id) continue;
      if (said.event) emit(said.event as Event);
      else return new Parcel(said.result as object, bytes);
    }
  };
  // The other side answers one after the other.
  const inTurn = (head: object, body?: Buffer) => {
    const answer = turn.then(() => ask(head, body));
    turn = answer.catch(() => {});
    return answer;
  };
  const call = async (head: object, body?: Buffer) => (await inTurn(head, body)).head;
  return {
    name: server.name,
    place: hello.place,
    operate: (spec, operation, input, intent) =>
      call({ call: "operate", operation, spec, input, intent }) as Promise<never>,
    promise: (spec, intent) => call({ call: "promise", spec, intent }) as Promise<never>,
    promised: (spec, id) => call({ call: "promised", spec, intent: id }) as Promise<never>,
    abandon: (spec, id) => call({ call: "abandon", spec, intent: id }) as Promise<never>,
    look: (spec) => call({ call: "look", spec }) as Promise<never>,
    async likeness(spec) {
      return ((await call({ call: "likeness", spec })) as { likeness: Likeness | null }).likeness;
    },
    basis: (spec) => call({ call: "basis", spec }) as Promise<never>,
    async machine() {
      const sent = Date.now();
      const { received, answered, ...view } = (await call({ call: "machine" })) as ReturnType<
        typeof machineOf
      >;
      return { ...view, skew: skewOf({ sent, received, answered, back: Date.now() }) };
    },
    lines: (spec, last, cursors) => call({ call: "lines", spec, last, cursors }) as Promise<never>,
    async requests(spec, last) {
      return ((await call({ call: "requests", spec, last })) as { requests: LoggedRequest[] }).requests;
    },
    async releases(spec) {
      return ((await call({ call: "releases", spec })) as { releases: ListedRelease[] }).releases;
    },
    operations: (spec, last) => call({ call: "operations", spec, last }) as Promise<never>,
    storage: (spec, path) => openRemoteRoom(call, spec, path),
    async heads(project) {
      return ((await call({ call: "heads", project })) as { heads: ManifestHead[] }).heads;
    },
    bring: (store, manifest) => deliver(call, store, manifest, emit),
    give: (store, wanted) => fetchRelease(inTurn, store, wanted, emit),
    close: () => line.close(),
    drop: () => line.cut(),
  };
}

async function readHello(server: Server, line: Line, messages: AsyncGenerator<Message>): Promise<Hello> {
  const { head } = await next(server, line, messages);
  const hello = (head.hello ?? {}) as Hello;
  if (hello.protocol !== PROTOCOL)
    throw restrictedTo(server, `runs Greenroom ${hello.version}, which speaks otherwise`);
  if (hello.root !== server.root)
    throw restrictedTo(server, `lets this key into ${hello.root}, and not into ${server.root}`);
  return hello;
}

/** What a key is let do was written down by another Greenroom, or by another greenroom.json. */
function restrictedTo({ name }: Server, what: string): GreenroomError {
  return new GreenroomError("CALL_REFUSED", `${name} ${what}`, {
    hint: `greenroom server restrict ${name}, as somebody who may log in there`,
  });
}

async function next(server: Server, line: Line, messages: AsyncGenerator<Message>): Promise<Message> {
  const { value, done } = await messages.next().catch((error: unknown) => {
    throw cut(server, error);
  });
  if (!done) return value;
  const why = await line.why();
  throw why.code === "DISK_FULL" ? why : cut(server, why);
}

function cut({ name }: Server, cause: unknown): GreenroomError {
  const words = cause instanceof Error ? cause.message : String(cause);
  return new GreenroomError(
    "LINE_CUT",
    `the line to ${name} was cut: what it had begun, it finishes or undoes`,
    {
      hint: "greenroom status; then give the same command again",
      detail: [words, ...(cause instanceof GreenroomError ? cause.detail : [])],
      cause,
    },
  );
}

interface SaidError {
  code: string;
  message: string;
  hint?: string;
  detail?: string[];
}

function errorFrom({ name }: Server, { code, message, hint, detail = [] }: SaidError): Error {
  if (code === "BUG") return Object.assign(new Error(`${name}: ${message}`), { stack: detail.join("\n") });
  return new GreenroomError(code as ConstructorParameters<typeof GreenroomError>[0], `${name}: ${message}`, {
    ...(hint ? { hint } : {}),
    detail,
  });
}
