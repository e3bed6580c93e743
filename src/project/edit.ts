import { readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { findNodeAtLocation, type Node, parseTree } from "jsonc-parser";
import { writeFileDurably } from "../disk/durable.ts";
import { parseProject } from "./load.ts";
import { PROJECT_FILE, type ProjectFile } from "./schema.ts";

/** On which servers an environment is, from now on. All else in greenroom.json stays as it was written. */
export function editServers(dir: string, environment: string, change: (servers: string[]) => string[]): void {
  const path = realpathSync(join(dir, PROJECT_FILE));
  const before = readFileSync(path, "utf8");
  // Somebody may have written it since the command began.
  const { servers } = meaningOf(before).environments[environment]!;
  const after = withServers(before, environment, change(servers));
  // Whatever comes out is looked at before it takes the place of what somebody wrote.
  meaningOf(after);
  if (after !== before) writeFileDurably(path, after, statSync(path).mode & 0o777);
}

function meaningOf(text: string): ProjectFile {
  return parseProject(text.replace(BYTE_ORDER_MARK, ""));
}

const BYTE_ORDER_MARK = /^\uFEFF/;

/** The text with the one list in it changed. */
export function withServers(text: string, environment: string, servers: string[]): string {
  const mark = BYTE_ORDER_MARK.exec(text)?.[0] ?? "";
  const json = text.slice(mark.length);
  const place = findNodeAtLocation(parseTree(json)!, ["environments", environment])!;
  const list = findNodeAtLocation(place, ["servers"]);
  return mark + (list ? inPlaceOf(json, list, servers) : afterLast(json, place, servers));
}

/** As the list was written: on one line, or a line each. */
function inPlaceOf(json: string, { offset, length }: Node, servers: string[]): string {
  const [, space] = /^\[(\s*\n\s*)\S/.exec(json.slice(offset, offset + length)) ?? [];
  const items = servers.map((name) => JSON.stringify(name));
  const end = space && /(\s*)\]$/.exec(json.slice(offset, offset + length))![1];
  const list =
    space && items.length > 0 ? `[${space}${items.join(`,${space}`)}${end}]` : `[${items.join(", ")}]`;
  return json.slice(0, offset) + list + json.slice(offset + length);
}

/** Where it isn't written yet: as one more of what is said of the environment, which has a domain at least. */
function afterLast(json: string, place: Node, servers: string[]): string {
  const last = place.children!.at(-1)!;
  const end = last.offset + last.length;
  const [space] = /\s*$/.exec(json.slice(0, last.offset))!;
  const list = servers.map((name) => JSON.stringify(name)).join(", ");
  return `${json.slice(0, end)},${space || " "}"servers": [${list}]${json.slice(end)}`;
}
