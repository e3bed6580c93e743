import { PAUSED } from "../../environment/buckets.ts";
import { at, type Site } from "../../environment/site.ts";
import { HELD, NOTHING } from "./pages.ts";
import { literal, word } from "./quote.ts";
import { NEW_COOKIE } from "./shared.ts";

/**
 * The side of a visitor's bucket, told by a file that is there or not, so that a switch needs no reload and no request
 * is between two releases. Nearly always the first or second look tells.
 */
export function renderTraffic(site: Site): string {
  const [dir, traffic] = [literal(site.dir), literal(at.traffic(site))];
  return `set $greenroom_robots "";
set $greenroom_cookie "";
set $greenroom_bucket $greenroom_known;
set $greenroom_side blue;
set $greenroom_at blue;
if (-e ${word(`${dir}/$greenroom_blue`)}) {
  break;
}
set $greenroom_side green;
set $greenroom_at green;
if (-e ${word(`${dir}/$greenroom_green`)}) {
  break;
}
# Who asked for a release that no side shows any more, or is a newcomer to a canary.
set $greenroom_side blue;
set $greenroom_at blue;
if (-e ${word(`${traffic}/$greenroom_known.blue`)}) {
  break;
}
set $greenroom_side green;
set $greenroom_at green;
if (-e ${word(`${traffic}/$greenroom_second`)}) {
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
  set $greenroom_side blue;
  set $greenroom_at blue;
}
`;
}
