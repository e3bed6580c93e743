import { HASHED } from "../../environment/assets.ts";
import {
  FILES,
  HIDDEN,
  PAGES,
  PLAIN_FILES,
  renderForever,
  renderHashed,
  renderKept,
  renderStorage,
} from "./locations.ts";
import { DOWN_PAGE, MISSING_PAGES } from "./pages.ts";
import { type Pass, renderPass } from "./pass.ts";
import { PHP_POSTED, renderPhp } from "./php.ts";
import { indent, literal, word } from "./quote.ts";
import type { Shape } from "./shape.ts";

/** Releases of one shape that a server block serves. */
export interface Content extends Pass {
  shape: Shape;
  /** Where the release is. This and the next are in nginx's words, variables and all. */
  release: string;
  /** Where hashed files of other releases are. */
  assets: string;
  /** Where the app is of the side that a request is for. */
  upstream: string;
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

function rootOf(release: string, folder: string): string {
  return word(folder === "." ? release : `${release}/${literal(folder)}`);
}
