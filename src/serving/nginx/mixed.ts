import type { Content } from "./content.ts";
import { FILES, HIDDEN, PAGES, renderForever, renderHashed, renderKept, renderStorage } from "./locations.ts";
import { answer, DOWN_PAGE, MISSING_PAGES } from "./pages.ts";
import { type Pass, renderPass } from "./pass.ts";
import { indent, word } from "./quote.ts";

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
function renderAppAmong(to: Pass): string {
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

/** An `if` comes before it, and what it holds for takes no notice of try_files. */
export function renderPostedMixed({ kind, php }: Pick<MixedContent, "kind" | "php">): string {
  return `error_page 418 = @${php ? "posted_" : ""}${kind};\nreturn 418;\n`;
}
