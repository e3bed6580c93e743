import { word } from "./quote.ts";

/** What a server block says with its answers. A location that says something of its own must say all of it again. */
export interface Headers {
  /** Visitors may be told their bucket. */
  cookie: boolean;
  /** Search engines may be told to stay away. */
  robots: boolean;
  /** With files, and with those that never change; in nginx's words. */
  files: [name: string, value: string][];
  forever: [name: string, value: string][];
}

export function renderFileHeaders(headers: Headers): string {
  return renderSaid(headers) + headers.files.map(renderOwn).join("");
}

export function renderForeverHeaders(headers: Headers): string {
  return renderSaid(headers) + headers.forever.map(renderOwn).join("");
}

/** An app decides for itself what else it says. */
export function renderAppHeaders(headers: Headers): string {
  return renderSaid(headers);
}

function renderSaid({ cookie, robots }: Headers): string {
  const first = cookie ? "add_header Set-Cookie $greenroom_cookie always;\n" : "";
  return robots ? `${first}add_header X-Robots-Tag $greenroom_robots always;\n` : first;
}

/** A page that says that something is wrong isn't to be kept as long as what was asked for. */
function renderOwn([name, value]: [string, string]): string {
  return `add_header ${name} ${word(value)}${isCacheControl(name) ? "" : " always"};\n`;
}

export function isCacheControl(name: string): boolean {
  return name.toLowerCase() === "cache-control";
}
