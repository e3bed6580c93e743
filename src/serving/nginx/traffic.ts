import { PAUSED } from "../../environment/buckets.ts";
import type { Side } from "../../environment/sides.ts";
import { at, type Site } from "../../environment/site.ts";
import { HELD, NOTHING } from "./pages.ts";
import { indent, literal, word } from "./quote.ts";
import { NEW_COOKIE } from "./shared.ts";

/**
 * The side of a visitor's bucket, told by a file that is there or not, so that a switch needs no reload and no request
 * is between two releases. Nearly always the first or second look tells.
 */
export function renderTraffic(site: Site, among: "visitors" | "previews"): string {
  const [dir, traffic] = [literal(site.dir), literal(at.traffic(site))];
  // Where previews are served, too, what is served isn't always a side.
  const choose = (side: Side) =>
    `set $greenroom_side ${side};\n${among === "previews" ? `set $greenroom_at ${side};\n` : ""}`;
  return `${among === "previews" ? 'set $greenroom_robots "";\n' : ""}set $greenroom_cookie "";
set $greenroom_bucket $greenroom_known;
${choose("blue")}if (-e ${word(`${dir}/$greenroom_blue`)}) {
  break;
}
${choose("green")}if (-e ${word(`${dir}/$greenroom_green`)}) {
  break;
}
# Who asked for a release that no side shows any more, or is a newcomer to a canary.
${choose("blue")}if (-e ${word(`${traffic}/$greenroom_known.blue`)}) {
  break;
}
${choose("green")}if (-e ${word(`${traffic}/$greenroom_second`)}) {
  break;
}
if (-e ${word(`${traffic}/${PAUSED}.now`)}) {
  return ${HELD};
}
if (!-e ${word(`${traffic}/live`)}) {
  rewrite ^ ${NOTHING} last;
}
set $greenroom_bucket $greenroom_random;
set $greenroom_cookie "${NEW_COOKIE}";
if (-e ${word(`${traffic}/$greenroom_random.blue`)}) {
${indent(choose("blue"))}}
`;
}
