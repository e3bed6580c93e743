import { pageHtml } from "../router/pages.ts";

/** Directives that answer with a page of ours in the place of nginx's. */
export function answer(status: number, title: string): string {
  const html = pageHtml({ status, title }).replaceAll("\n", " ").replaceAll("'", "\\'");
  return `default_type "text/html; charset=utf-8";
  add_header Cache-Control no-store always;
  return ${status} '${html}';`;
}

/** What nginx answers to itself where a request is to wait. */
export const HELD = 529;

/** Where a request is sent that no site answers. No visitor can ask for these. */
export const UNKNOWN = "/.greenroom/unknown";
export const NOTHING = "/.greenroom/nothing";

export const IDLE = "/.greenroom/idle";

export const IDLE_PAGE = `location = ${IDLE} {
  internal;
  ${answer(503, "This release isn't running")}
}
`;

export const UNKNOWN_PAGE = `location = ${UNKNOWN} {
  internal;
  ${answer(404, "There is no such site here")}
}
`;

export const NOTHING_PAGE = `location = ${NOTHING} {
  internal;
  ${answer(503, "Nothing is live here yet")}
}
`;

export const MISSING_PAGES = `location @missing {
  try_files /404.html @lost;
}
location @lost {
  ${answer(404, "There is no such page")}
}
location @unasked {
  add_header Allow "GET, HEAD" always;
  ${answer(405, "This site only answers GET and HEAD")}
}
`;

export const DOWN_PAGE = `location @down {
  ${answer(502, "This site doesn't answer at the moment")}
}
`;
