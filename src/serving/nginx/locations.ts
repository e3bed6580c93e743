import { HASHED, NEVER_CHANGES } from "../../environment/assets.ts";
import { TYPES } from "../router/content-types.ts";
import { type Headers, renderForeverHeaders } from "./headers.ts";
import { indent, literal, matching, word } from "./quote.ts";

export const PAGES = "try_files $uri $uri.html $uri/ @kept_static;\n  charset utf-8;";

/** What looks like a file is one, nearly always: it is opened at once, and only then looked for by other names. */
export const PLAIN_FILES = `location ~* "\\.(?:${[...TYPES.keys()].join("|")})$" {
  charset utf-8;
  log_not_found off;
  error_page 301 404 = @other_names;
  error_page 403 =404 @missing;
  error_page 405 @unasked;
}
location @other_names {
  try_files $uri.html $uri/ @kept_static;
  charset utf-8;
}
`;

export const FILES = "try_files $uri @app;\n  charset utf-8;";

/** A visitor who has loaded a page before a switch still gets what belongs to it. */
export function renderKept(assets: string): string {
  return `location @kept_static {
  root ${assets};
  try_files $uri =404;
  charset utf-8;
}
`;
}

/** Browsers needn't ask again for what never changes. */
export function renderForever(folders: string[], headers: Headers, missed: string): string {
  const patterns = [NEVER_CHANGES.source, ...folders.map((folder) => `^/${matching(folder)}/`)];
  return `location ~ "${patterns.join("|")}" {
${indent(renderForeverHeaders(headers))}  try_files $uri ${missed};
  charset utf-8;
}
`;
}

/** The same for an app, which is asked for all that looks otherwise. */
export function renderHashed(assets: string, kind = "process"): string {
  return `location ~* "${HASHED.source}" {
  try_files $uri @kept_${kind};
  charset utf-8;
}
location @kept_process {
  root ${assets};
  try_files $uri @app;
  charset utf-8;
}
`;
}

// Names that begin with a dot are nobody's business, but for what the standards put there.
export const HIDDEN = 'location ~ "/\\.(?!well-known(?:/|$))"';

/** What an app or an uploader put into storage: no symlink of theirs is followed. */
export function renderStorage(path: string, serve: string): string {
  const below = path === "/" ? "" : literal(path);
  return `location ~ "^${matching(below)}(?:/|$)" {
  disable_symlinks on ${word(`from=$document_root${below}`)};
  ${serve}
}
`;
}
