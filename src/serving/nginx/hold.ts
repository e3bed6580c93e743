import { at, type Site } from "../../environment/site.ts";
import { PAUSED_PAGE } from "../router/help-pages.ts";
import { APP_HEADER, SITE_HEADER, URI_HEADER } from "./holder.ts";
import { answer, HELD } from "./pages.ts";
import { nginxAt } from "./places.ts";
import { indent, literal, word } from "./quote.ts";

/**
 * Where requests wait while a site is paused: at a socket of `greenroom up`, which answers when it is over. `pass` is
 * what then becomes of those that are no mere questions; the others begin anew.
 */
export function renderHold(site: Site, pass: string, asksApp: boolean): string {
  return `recursive_error_pages on;
error_page ${HELD} = @hold;
location @hold {
  proxy_pass ${word(`http://unix:${literal(nginxAt.hold(site.root))}`)};
  proxy_http_version 1.1;
  proxy_pass_request_body off;
  proxy_read_timeout 24h;
  proxy_set_header Content-Length "";
  proxy_set_header ${SITE_HEADER} ${site.project}/${site.environment};
  proxy_set_header ${URI_HEADER} $request_uri;
  proxy_set_header ${APP_HEADER} ${asksApp ? "yes" : '""'};
  error_page 502 504 = @paused;
}
location @paused {
  add_header Retry-After 5 always;
  ${answer(PAUSED_PAGE.status, PAUSED_PAGE.title)}
}
location @resumed {
  set $greenroom_side green;
  set $greenroom_at green;
  if (-e ${word(`${literal(at.traffic(site))}/$greenroom_known.blue`)}) {
    set $greenroom_side blue;
    set $greenroom_at blue;
  }
${indent(pass)}}
`;
}
