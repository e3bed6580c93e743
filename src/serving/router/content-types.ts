import { extname } from "node:path";

export function contentTypeOf(path: string): string {
  return TYPES.get(extname(path).slice(1).toLowerCase()) ?? "application/octet-stream";
}

/** By the ending of a name, without its dot. */
export const TYPES = new Map(
  Object.entries({
    ...text("html", "text/html"),
    ...text("htm", "text/html"),
    ...text("css", "text/css"),
    ...text("js", "text/javascript"),
    ...text("mjs", "text/javascript"),
    ...text("txt", "text/plain"),
    ...text("md", "text/markdown"),
    ...text("csv", "text/csv"),
    ...text("ics", "text/calendar"),
    ...text("vtt", "text/vtt"),
    ...text("xml", "application/xml"),
    ...text("json", "application/json"),
    ...text("map", "application/json"),
    ...text("webmanifest", "application/manifest+json"),
    ...text("rss", "application/rss+xml"),
    ...text("atom", "application/atom+xml"),
    ...text("svg", "image/svg+xml"),
    xhtml: "application/xhtml+xml",
    wasm: "application/wasm",
    pdf: "application/pdf",
    zip: "application/zip",
    gz: "application/gzip",
    png: "image/png",
    jpg: "image/jpeg",
    jpeg: "image/jpeg",
    gif: "image/gif",
    webp: "image/webp",
    avif: "image/avif",
    ico: "image/x-icon",
    bmp: "image/bmp",
    tif: "image/tiff",
    tiff: "image/tiff",
    mp3: "audio/mpeg",
    m4a: "audio/mp4",
    ogg: "audio/ogg",
    wav: "audio/wav",
    flac: "audio/flac",
    mp4: "video/mp4",
    m4v: "video/mp4",
    webm: "video/webm",
    mov: "video/quicktime",
    woff: "font/woff",
    woff2: "font/woff2",
    ttf: "font/ttf",
    otf: "font/otf",
    eot: "application/vnd.ms-fontobject",
  }),
);

function text(extension: string, type: string): Record<string, string> {
  return { [extension]: `${type}; charset=utf-8` };
}
