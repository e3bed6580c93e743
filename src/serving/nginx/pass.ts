import type { Side } from "../../environment/sides.ts";
import { type Headers, renderAppHeaders } from "./headers.ts";
import { IDLE } from "./pages.ts";

export interface Pass {
  /** Where the sides' apps are, for those that have any. */
  upstreams: Record<Side, string | null>;
  /** The name by which the app is asked, in nginx's words. */
  appHost: string;
  headers: Headers;
}

// Answers and bodies go on as they come, however long they take: event streams, uploads of any size, WebSockets.
export function renderPass({ upstreams, appHost, headers }: Pass): string {
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
