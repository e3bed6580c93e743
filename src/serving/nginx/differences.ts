import { createHash } from "node:crypto";
import type { Site } from "../../environment/site.ts";
import { FOREVER } from "../file-headers.ts";
import { type Headers, isCacheControl } from "./headers.ts";
import { kindOf } from "./php.ts";
import { literal, word } from "./quote.ts";
import { areEqual, type Shape, type Shapes } from "./shape.ts";

// While sides differ in what nginx must know of them, it looks that up by the side that a request is for.

/** For nginx's `http` block. */
export function renderDifferences(site: Site, shapes: Shapes): string {
  if (areEqual(shapes)) return "";
  const by = (what: string, of: (shape: Shape) => string) => `map $greenroom_side ${variable(site, what)} {
  default ${word(of(shapes.blue))};
  green ${word(of(shapes.green))};
}
`;
  const some = [shapes.blue, shapes.green].some(({ php }) => php !== null);
  const front = some ? by("front", ({ php }) => literal(php?.front ?? ".greenroom")) : "";
  const headers = namesOf(shapes).filter(
    (name) => headerOf(shapes.blue, name) !== headerOf(shapes.green, name),
  );
  return `${by("kind", kindOf)}${by("folder", ({ folder }) => literal(folder ?? ".greenroom"))}${front}${headers
    .map((name) => by(headerVariable(name), (shape) => literal(headerOf(shape, name))))
    .join("")}`;
}

export function variable({ project, environment }: Site, what: string): string {
  const hash = createHash("sha256").update(`${project}/${environment}`).digest("hex");
  return `$greenroom_${what}_${hash.slice(0, 12)}`;
}

/** What files are sent with, whichever side they are of. */
export function readFileHeaders(site: Site, shapes: Shapes): Pick<Headers, "files" | "forever"> {
  const files = namesOf(shapes).map((name): [string, string] => {
    const [blue, green] = [headerOf(shapes.blue, name), headerOf(shapes.green, name)];
    return [name, blue === green ? literal(blue) : variable(site, headerVariable(name))];
  });
  const others = files.filter(([name]) => !isCacheControl(name));
  return { files, forever: [...others, ["Cache-Control", FOREVER]] };
}

function namesOf({ blue, green }: Shapes): string[] {
  return [...new Set([...blue.headers, ...green.headers].map(([name]) => name))];
}

/** nginx sends no header that is empty. */
function headerOf({ headers }: Shape, name: string): string {
  return headers.find(([one]) => one === name)?.[1] ?? "";
}

function headerVariable(name: string): string {
  return `header_${name.toLowerCase().replaceAll("-", "_")}`;
}
