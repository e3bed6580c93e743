export type UrlPath = { path: string; query: string } | { refused: 400 | 404 };

/** The path of a request as a path below the public folder: decoded, begins with `/`, holds no dot segments. */
export function readUrlPath(url: string): UrlPath {
  const mark = url.indexOf("?");
  const raw = mark === -1 ? url : url.slice(0, mark);
  const query = mark === -1 ? "" : url.slice(mark);
  if (!raw.startsWith("/")) return { refused: 400 };
  if (!UNUSUAL.test(raw)) return { path: raw, query };

  const decoded = decode(raw);
  if (decoded === null || decoded.includes("\0")) return { refused: 400 };
  const path = decoded.replace(/\/{2,}/g, "/");
  return path.split("/").some(isHidden) ? { refused: 404 } : { path, query };
}

/** As a Location header wants it. A backslash or a second slash in front would lead to another host. */
export function encodeUrlPath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

const UNUSUAL = /[^!-$&-~]|\/[./]/;

function decode(raw: string): string | null {
  try {
    // Node hands over the bytes of a request line as Latin-1.
    return decodeURIComponent(Buffer.from(raw, "latin1").toString("utf8"));
  } catch {
    return null;
  }
}

function isHidden(part: string): boolean {
  return part.startsWith(".") && part !== ".well-known";
}
