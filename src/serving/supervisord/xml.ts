/** What XML-RPC knows, as far as supervisord uses it. */
export type Value = string | number | boolean | null | Value[] | { [name: string]: Value };

export interface Fault {
  faultCode: number;
  faultString: string;
}

export function renderCall(method: string, params: (string | number | boolean)[]): string {
  const args = params.map((value) => `<param><value>${renderValue(value)}</value></param>`).join("");
  return `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${args}</params></methodCall>`;
}

function renderValue(value: string | number | boolean): string {
  if (typeof value === "boolean") return `<boolean>${Number(value)}</boolean>`;
  if (typeof value === "number") return `<int>${value}</int>`;
  return `<string>${value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")}</string>`;
}

/** Throws on what is no answer at all. */
export function parseAnswer(text: string): { value: Value } | { fault: Fault } {
  const reader = readTags(text);
  if (!reader.seek("methodResponse")) throw new Error(`no answer: ${text.slice(0, 100)}`);
  const failed = reader.peek() === "fault";
  if (!reader.seek("value")) return { value: null };
  const value = parseValue(reader);
  return failed ? { fault: value as unknown as Fault } : { value };
}

interface Tags {
  /** The name of the next tag, null at the end. */
  peek(): string | null;
  /** Takes the next tag; answers the text before it. */
  take(): string;
  /** Takes tags up to and with this one. */
  seek(name: string): boolean;
}

function readTags(text: string): Tags {
  const tags = [...text.matchAll(/([^<]*)<(\/?[\w.?]+)[^>]*?(\/?)>/g)].flatMap(([, before, name, closed]) =>
    closed ? [[before, name] as const, ["", `/${name}`] as const] : [[before, name] as const],
  );
  let next = 0;
  const peek = () => tags[next]?.[1] ?? null;
  const take = () => plain(tags[next++]?.[0] ?? "");
  const seek = (name: string) => {
    while (next < tags.length) {
      const found = peek() === name;
      next++;
      if (found) return true;
    }
    return false;
  };
  return { peek, take, seek };
}

// After `<value>`, up to and with `</value>`.
function parseValue(tags: Tags): Value {
  const kind = tags.peek();
  const bare = tags.take();
  if (kind === "/value") return bare;
  const value = parseKind(kind, tags);
  tags.seek("/value");
  return value;
}

function parseKind(kind: string | null, tags: Tags): Value {
  if (kind === "array") return parseArray(tags);
  if (kind === "struct") return parseStruct(tags);
  const text = tags.take();
  if (kind === "int" || kind === "i4" || kind === "double") return Number(text);
  if (kind === "boolean") return text.trim() === "1";
  return kind === "nil" ? null : text;
}

function parseArray(tags: Tags): Value[] {
  const values: Value[] = [];
  tags.seek("data");
  while (tags.peek() === "value") {
    tags.take();
    values.push(parseValue(tags));
  }
  tags.seek("/array");
  return values;
}

function parseStruct(tags: Tags): { [name: string]: Value } {
  const members: { [name: string]: Value } = {};
  while (tags.peek() === "member") {
    tags.seek("name");
    const name = tags.take();
    tags.seek("value");
    members[name] = parseValue(tags);
    tags.seek("/member");
  }
  tags.seek("/struct");
  return members;
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function plain(text: string): string {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name) return ENTITIES[name] ?? whole;
    return String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal));
  });
}
