import type { Readable } from "node:stream";

/** What goes over the line: a line of JSON, and as many bytes after it as its `body` says. */
export interface Message {
  head: Record<string, unknown>;
  body: Buffer;
}

/** No honest head is as long; a body is a batch of contents. */
const HEAD_LIMIT = 64 * 1024 * 1024;
const BODY_LIMIT = 64 * 1024 * 1024;

/** An answer that bytes come with. */
export class Parcel {
  constructor(
    readonly head: object,
    readonly body: Buffer,
  ) {}
}

export function encodeMessage(head: object, body: Buffer | null = null): Buffer {
  const line = Buffer.from(`${JSON.stringify(body ? { ...head, body: body.length } : head)}\n`);
  return body ? Buffer.concat([line, body]) : line;
}

/** All messages until the other side has no more; throws where it says what isn't one. */
export async function* readMessages(from: Readable): AsyncGenerator<Message> {
  let chunks: Buffer[] = [];
  let size = 0;
  let head: Message["head"] | null = null;
  let wanted = 0;
  const all = () => {
    const whole = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    chunks = [whole];
    return whole;
  };
  const keep = (rest: Buffer) => {
    chunks = rest.length > 0 ? [rest] : [];
    size = rest.length;
  };
  for await (const chunk of from as AsyncIterable<Buffer>) {
    const hasEnd = head !== null || chunk.includes(10);
    chunks.push(chunk);
    size += chunk.length;
    if (!hasEnd && size > HEAD_LIMIT) throw new WireError("a message has no end");
    if (head ? size < wanted : !hasEnd) continue;
    for (let rest = all(); ; rest = all()) {
      if (head === null) {
        const end = rest.indexOf(10);
        if (end === -1) break;
        head = parseHead(rest.subarray(0, end));
        wanted = bodyOf(head);
        keep(rest.subarray(end + 1));
      }
      if (size < wanted) break;
      const whole = size === 0 ? EMPTY : all();
      yield { head, body: whole.subarray(0, wanted) };
      head = null;
      keep(whole.subarray(wanted));
      if (size === 0) break;
    }
  }
  if (head !== null || size > 0) throw new WireError("the line was cut in the middle of a message");
}

const EMPTY = Buffer.alloc(0);

/** The other side isn't what it should be, or went away. */
export class WireError extends Error {}

function parseHead(line: Buffer): Message["head"] {
  try {
    const head: unknown = JSON.parse(line.toString("utf8"));
    if (typeof head === "object" && head !== null) return head as Message["head"];
  } catch {
    // Said below, with what came instead.
  }
  throw new WireError(`this isn't Greenroom's: ${line.subarray(0, 200).toString("utf8")}`);
}

function bodyOf({ body = 0 }: Message["head"]): number {
  if (typeof body === "number" && Number.isInteger(body) && body >= 0 && body <= BODY_LIMIT) return body;
  throw new WireError("a message says a size that can't be");
}
