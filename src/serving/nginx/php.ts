import { FORM } from "../php/pool.ts";
import { type PhpTo, renderFront, renderScript } from "./fastcgi.ts";
import { DOWN_PAGE, MISSING_PAGES } from "./pages.ts";
import { indent, literal, matching, word } from "./quote.ts";
import type { PhpShape, Shape } from "./shape.ts";

/** Names that PHP might be found behind. Those that aren't run aren't shown either. */
const SCRIPT = 'location ~ "\\.php(?:/|$)"';
const SOURCE = 'location ~* "\\.(?:php[0-9]?|phtml|phps|pht|phar)(?:/|$)"';

// A link of the release may lead to storage in a roundabout way, and from there an uploader's anywhere.
const NO_STRANGERS = "disable_symlinks if_not_owner from=$document_root;";

/** What becomes of a request with a body that had to wait. */
export const PHP_POSTED = "error_page 418 = @posted;\nreturn 418;\n";

/** The locations of a site whose sides are both PHP, and alike. */
export function renderPhp(
  shape: Shape,
  php: PhpShape,
  {
    hidden,
    hashed,
    forever,
    ...to
  }: PhpTo & { hidden: string; hashed: string; forever: (missed: string) => string },
): string {
  const missed = php.front === null ? "=404" : "@front";
  const asked = php.front === null ? "$uri $uri.html $uri/" : "$uri $uri/";
  return `${renderLimits([php])}index index.php index.html;
error_page 403 404 ${php.front === null ? "=404 @missing" : "= @front"};
error_page 405 ${php.front === null ? "@unasked" : "= @front"};
location / {
  ${NO_STRANGERS}
  try_files ${asked} ${missed};
  charset utf-8;
}
${hidden} {
  ${php.front === null ? "return 404;" : "try_files /.greenroom @front;"}
}
${renderNeverRun(shape.storage)}${shape.storage.map((path) => renderStored(path, `try_files $uri ${missed};\n  charset utf-8;`)).join("")}${SCRIPT} {
${indent(renderScript(php, to, missed))}}
${SOURCE} {
  try_files /.greenroom @lost;
}
${forever("@kept")}location ~* "${hashed}" {
  ${NO_STRANGERS}
  try_files $uri @kept;
  charset utf-8;
}
${renderKept("@kept", to, missed)}${renderPosted("@posted", php, to, missed)}${php.front === null ? "" : renderFront(`/${literal(php.front)}`, php.time, to)}${MISSING_PAGES}${DOWN_PAGE}`;
}

/** What sides that differ need besides, if one of them is PHP. `kind` and `front` are in nginx's words. */
export function renderPhpAmong(
  shapes: Shape[],
  { kind, front, ...to }: PhpTo & { kind: string; front: string },
): string {
  const phps = shapes.flatMap(({ php }) => php ?? []);
  if (phps.length === 0) return "";
  const time = Math.max(...phps.map((php) => php.time));
  const storage = [...new Set(shapes.flatMap((shape) => shape.storage))];
  return `${phps.length === shapes.length ? renderLimits(phps) : ""}${renderNeverRun(storage)}${SCRIPT} {
  try_files /.greenroom @script_${kind};
}
${SOURCE} {
  try_files /.greenroom @source_${kind};
}
location @script_static {
  try_files /.greenroom @static;
}
location @script_process {
  try_files /.greenroom @process;
}
location @posted_static {
  try_files /.greenroom @static;
}
location @posted_process {
  try_files /.greenroom @process;
}
location @source_static {
  try_files /.greenroom @static;
}
location @source_process {
  try_files /.greenroom @process;
}
${["php", "plain"]
  .map((one) => {
    const missed = one === "php" ? "@front" : "@lost";
    return `location @${one} {
  ${NO_STRANGERS}
  index index.php index.html;
  try_files ${one === "php" ? "$uri $uri/" : "$uri $uri.html $uri/"} ${missed};
  error_page 403 404 405 = ${missed};
  charset utf-8;
}
${renderKept(`@kept_${one}`, to, missed)}location @missed_${one} {
  try_files /.greenroom ${missed};
}
location @hidden_${one} {
  try_files /.greenroom ${missed};
}
location @script_${one} {
${indent(renderScript({ front: one === "php" ? front : null, time, upload: 0 }, to, missed))}}
${renderPosted(`@posted_${one}`, { front, time, upload: 0 }, to, missed)}location @source_${one} {
  try_files /.greenroom @lost;
}
`;
  })
  .join("")}${renderFront(`/${front}`, time, to)}`;
}

/** A visitor who has loaded a page before a switch still gets what belongs to it. */
function renderKept(name: string, { assets }: PhpTo, missed: string): string {
  return `location ${name} {
  root ${assets};
  try_files $uri ${missed};
  charset utf-8;
}
`;
}

/** All that isn't a mere question has one place here, whatever it is for. */
function renderPosted(name: string, php: PhpShape, to: PhpTo, missed: string): string {
  return `location ${name} {
  if ($uri ~ "/\\.(?!well-known(?:/|$))") {
    return 404;
  }
  fastcgi_index index.php;
${indent(renderScript(php, to, missed))}}
`;
}

/** What decides how a request is answered: with a front controller or without. */
export function kindOf({ kind, php }: Shape): string {
  return kind === "php" && php?.front === null ? "plain" : kind;
}

function renderLimits(phps: PhpShape[]): string {
  return `client_max_body_size ${Math.max(...phps.map(({ upload }) => upload)) + FORM};\n`;
}

/** What visitors brought is never run, whatever its name is, nor shown to them as a program. */
function renderNeverRun(storage: string[]): string {
  return storage
    .map(
      (
        path,
      ) => `location ~* "^${matching(path === "/" ? "" : path)}/(?:.*/)?[^/]*\\.(?:php[0-9]?|phtml|phps|pht|phar)(?:/|$)" {
  try_files /.greenroom @lost;
}
`,
    )
    .join("");
}

function renderStored(path: string, serve: string): string {
  return `location ~ "^${matching(literal(path))}(?:/|$)" {
  disable_symlinks on ${word(`from=$document_root${literal(path)}`)};
  ${serve}
}
`;
}
