import { HASHED, NEVER_CHANGES } from "../../environment/assets.ts";
import type { Side } from "../../environment/sides.ts";
import { TYPES } from "../router/content-types.ts";
import { type Headers, renderAppHeaders, renderForeverHeaders } from "./headers.ts";
import { answer, DOWN_PAGE, IDLE, MISSING_PAGES } from "./pages.ts";
import { PHP_POSTED, renderPhp } from "./php.ts";
import { indent, literal, matching, word } from "./quote.ts";
import type { Shape } from "./shape.ts";

/** Releases of one shape that a server block serves. */
export interface Content {
  shape: Shape;
  /** Where the release is. This and the next are in nginx's words, variables and all. */
  release: string;
  /** Where hashed files of other releases are. */
  assets: string;
  /** Where the sides' apps are, for those that have any. */
  upstreams: Record<Side, string | null>;
  /** The one of the side that a request is for. */
  upstream: string;
  appHost: string;
  headers: Headers;
}

/** The locations of a server block. */
export function renderContent(content: Content): string {
  const { shape, release } = content;
  if (shape.kind === "static") return renderStatic(content);
  if (shape.php === null) return renderProcess(content);
  const root = `root ${rootOf(release, shape.folder ?? ".")};\n`;
  const forever = (missed: string) => renderForever(shape.immutable, content.headers, missed);
  return root + renderPhp(shape, shape.php, { ...content, hidden: HIDDEN, hashed: HASHED.source, forever });
}

/** What becomes of a request with a body, in a place where it has one name only. */
export function renderPosted({ shape, ...to }: Content): string {
  if (shape.kind === "php") return PHP_POSTED;
  return shape.kind === "process" ? renderPass(to) : `error_page 405 @unasked;\nreturn 405;\n`;
}

/** An `if` comes before it, and what it holds for takes no notice of try_files. */
export function renderPostedMixed({ kind, php }: Pick<MixedContent, "kind" | "php">): string {
  return `error_page 418 = @${php ? "posted_" : ""}${kind};\nreturn 418;\n`;
}

/** Releases that differ: nginx learns when a request comes how the one asked for is served. */
export interface MixedContent extends Omit<Content, "shape"> {
  kind: string;
  folder: string;
  storage: string[];
  immutable: string[];
  /** What PHP needs besides, if it is among them. */
  php: string;
}

export function renderMixed(content: MixedContent): string {
  const { kind, folder, storage, immutable, php, release, assets, ...to } = content;
  const hasApp = to.upstreams.blue !== null || to.upstreams.green !== null;
  return `root ${word(`${release}/${folder}`)};
location / {
  try_files /.greenroom @${kind};
}
${HIDDEN} {
  try_files /.greenroom @hidden_${kind};
}
location @static {
  ${PAGES}
  index index.html;
  error_page 403 404 =404 @missing;
  error_page 405 @unasked;
}
location @hidden_static {
  ${answer(404, "There is no such page")}
}
location @missed_static {
  try_files /.greenroom @lost;
}
${hasApp ? renderAppAmong(to) : ""}${php}${storage.map((path) => renderStorage(path, `try_files $uri @missed_${kind};`)).join("")}${renderKept(assets)}${renderForever(immutable, to.headers, `@kept_${kind}`)}${renderHashed(assets, kind)}${MISSING_PAGES}${DOWN_PAGE}`;
}

/** The places of sides that are apps, where the other one may be something else. */
function renderAppAmong(to: Pick<Content, "upstreams" | "appHost" | "headers">): string {
  const pass = indent(renderPass(to));
  return `location @missed_process {
${pass}}
location @process {
  ${FILES}
  error_page 405 @app;
}
location @hidden_process {
${pass}}
location @app {
${pass}}
`;
}

function renderStatic({ shape, release, assets, headers }: Content): string {
  return `root ${rootOf(release, shape.folder ?? ".")};
index index.html;
error_page 403 404 =404 @missing;
error_page 405 @unasked;
location / {
  ${PAGES}
}
${HIDDEN} {
  return 404;
}
${shape.storage.map((path) => renderStorage(path, PAGES)).join("")}${renderForever(shape.immutable, headers, "@kept_static")}${PLAIN_FILES}${renderKept(assets)}${MISSING_PAGES}`;
}

function renderProcess({ shape, release, assets, ...to }: Content): string {
  const pass = indent(renderPass(to));
  if (shape.folder === null) return `location / {\n${pass}}\n${DOWN_PAGE}`;
  return `root ${rootOf(release, shape.folder)};
error_page 405 @app;
location / {
  ${FILES}
}
${HIDDEN} {
${pass}}
location @app {
${pass}}
${shape.storage.map((path) => renderStorage(path, FILES)).join("")}${renderForever(shape.immutable, to.headers, "@kept_process")}${renderHashed(assets)}${DOWN_PAGE}`;
}

const PAGES = "try_files $uri $uri.html $uri/ @kept_static;\n  charset utf-8;";

/** What looks like a file is one, nearly always: it is opened at once, and only then looked for by other names. */
const PLAIN_FILES = `location ~* "\\.(?:${[...TYPES.keys()].join("|")})$" {
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

const FILES = "try_files $uri @app;\n  charset utf-8;";

/** A visitor who has loaded a page before a switch still gets what belongs to it. */
function renderKept(assets: string): string {
  return `location @kept_static {
  root ${assets};
  try_files $uri =404;
  charset utf-8;
}
`;
}

/** Browsers needn't ask again for what never changes. */
function renderForever(folders: string[], headers: Headers, missed: string): string {
  const patterns = [NEVER_CHANGES.source, ...folders.map((folder) => `^/${matching(folder)}/`)];
  return `location ~ "${patterns.join("|")}" {
${indent(renderForeverHeaders(headers))}  try_files $uri ${missed};
  charset utf-8;
}
`;
}

/** The same for an app, which is asked for all that looks otherwise. */
function renderHashed(assets: string, kind = "process"): string {
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
const HIDDEN = 'location ~ "/\\.(?!well-known(?:/|$))"';

/** What an app or an uploader put into storage: no symlink of theirs is followed. */
function renderStorage(path: string, serve: string): string {
  const below = path === "/" ? "" : literal(path);
  return `location ~ "^${matching(below)}(?:/|$)" {
  disable_symlinks on from=${word(`$document_root${below}`)};
  ${serve}
}
`;
}

// Answers and bodies go on as they come, however long they take: event streams, uploads of any size, WebSockets.
function renderPass({
  upstreams,
  appHost,
  headers,
}: Pick<Content, "upstreams" | "appHost" | "headers">): string {
  return `${renderAppHeaders(headers)}${renderUpstream(upstreams, headers.robots)}proxy_http_version 1.1;
proxy_buffering off;
proxy_request_buffering off;
proxy_connect_timeout 5s;
proxy_read_timeout 1h;
proxy_send_timeout 1h;
proxy_set_header Host ${appHost};
proxy_set_header Connection $greenroom_connection;
proxy_set_header Upgrade $greenroom_upgrade;
proxy_set_header X-Forwarded-For $greenroom_for;
proxy_set_header X-Forwarded-Proto $greenroom_proto;
proxy_set_header X-Forwarded-Host $greenroom_host;
proxy_set_header Forwarded $greenroom_forwarded;
proxy_set_header X-Real-IP $greenroom_x_real_ip;
proxy_set_header X-Forwarded-Port $greenroom_x_forwarded_port;
proxy_set_header X-Request-Id $greenroom_id;
error_page 502 504 @down;
gzip off;
`;
}

/** By its name and not by a variable, which nginx would look up among all upstreams at each request. */
function renderUpstream({ blue, green }: Record<Side, string | null>, amongPreviews: boolean): string {
  const other = `if ($greenroom_side = green) {
  proxy_pass http://${green};
}
`;
  // A version that isn't on a side has no process.
  const none = `if ($greenroom_side = "") {
  rewrite ^ ${IDLE} last;
}
`;
  return `${amongPreviews ? none : ""}${blue && green ? other : ""}proxy_pass http://${blue ?? green};
`;
}

function rootOf(release: string, folder: string): string {
  return word(folder === "." ? release : `${release}/${literal(folder)}`);
}
