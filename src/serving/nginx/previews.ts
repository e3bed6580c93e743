import { at, type Site } from "../../environment/site.ts";
import { UNKNOWN } from "./pages.ts";
import { literal, matching, word } from "./quote.ts";
import { NAMED } from "./shared.ts";

// Whoever doesn't know the secret finds no such path; nginx itself needn't know it. A name's side is told by a file.

/** `<name>.<domain>` shows the preview of that name, and nothing else is there. */
export function renderPreviewChoice(site: Site, domain: string): string {
  const previews = literal(at.previews(site));
  return `${BEGIN}if ($host ~ "^(?<greenroom_name>[a-z0-9.-]+)\\.${matching(domain)}$") {
  set $greenroom_at previews/$greenroom_name;
}
if (!-e ${word(`${literal(site.dir)}/$greenroom_at/.`)}) {
  rewrite ^ ${UNKNOWN} last;
}
${renderSideOf(previews)}`;
}

/** How many labels the name of a preview may have. */
const LABELS = 8;

/** `<name>.foo.<domain>` shows the preview for `foo.<domain>`, anything else is live. The longest name wins. */
export function renderSubdomainChoice(site: Site, domain: string): string {
  const tries = Array.from({ length: LABELS }, (_, more) => renderTry(site, domain, more)).join("");
  return `${BEGIN}set $greenroom_app_host ${NAMED};
set $greenroom_name "";
${tries}${renderSideOf(literal(at.previews(site)))}if ($greenroom_name != "") {
  break;
}
`;
}

function renderTry(site: Site, domain: string, more: number): string {
  const name = `(?<greenroom_name_${more}>[^.]+(?:\\.[^.]+){${more}})`;
  const app = `(?<greenroom_app_${more}>(?:[^.]+\\.)*${matching(domain)})`;
  const found = `greenroom_found_${more}`;
  return `set $${found} .greenroom;
if ($host ~ "^${name}\\.${app}$") {
  set $${found} $greenroom_name_${more};
}
if (-e ${word(`${literal(at.previews(site))}/$${found}/.`)}) {
  set $greenroom_name $greenroom_name_${more};
  set $greenroom_at previews/$greenroom_name_${more};
  set $greenroom_app_host $greenroom_app_${more}$greenroom_port;
}
`;
}

const BEGIN = `set $greenroom_robots noindex;
set $greenroom_cookie "";
set $greenroom_bucket "";
set $greenroom_side "";
set $greenroom_at .greenroom;
`;

function renderSideOf(previews: string): string {
  return ["blue", "green"]
    .map(
      (side) => `if (-e ${word(`${previews}/$greenroom_name@${side}`)}) {
  set $greenroom_side ${side};
}
`,
    )
    .join("");
}
