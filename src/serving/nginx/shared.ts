import { BUCKETS, NEWCOMER, OPEN } from "../../environment/buckets.ts";
import { BUCKET_COOKIE, bucketCookie } from "../router/buckets.ts";
import { PHP_SHARED } from "./fastcgi.ts";

/** What all environments share, for nginx's `http` block. */
export function renderShared(): string {
  return `# Written by Greenroom. Changes are lost.

# A visitor's bucket comes from a cookie; who has none gets one at random, once visitors are told apart.
map $cookie_${BUCKET_COOKIE} $greenroom_known {
  default ${NEWCOMER};
${BUCKETS.map((bucket) => `  ${bucket} ${bucket};`).join("\n")}
}
# Who isn't blue is green if this is there.
map $greenroom_known $greenroom_second {
  default ${OPEN};
  ${NEWCOMER} ${NEWCOMER}.green;
}
# A page may ask for more of the release that it came from.
map $args $greenroom_asked {
  default "";
  "" "";
  "~(?:^|&)greenroom-release=(?<greenroom_r>[a-z0-9][a-z0-9.-]*)(?:&|$)" $greenroom_r;
}
map $http_greenroom_release $greenroom_pin {
  default $greenroom_asked;
  "" $greenroom_asked;
  "~^(?<greenroom_h>[a-z0-9][a-z0-9.-]*)$" $greenroom_h;
}
# What tells by being there that a visitor is blue, then that he is green.
map $greenroom_pin $greenroom_blue {
  default pins/$greenroom_pin@blue;
  "" traffic/$greenroom_known.blue;
}
map $greenroom_pin $greenroom_green {
  default pins/$greenroom_pin@green;
  "" traffic/$greenroom_second;
}
split_clients $request_id $greenroom_random {
${BUCKETS.slice(0, -1)
  .map((bucket) => `  1% ${bucket};`)
  .join("\n")}
  * ${BUCKETS.at(-1)};
}

# No other upgrade goes on: an app would answer in a protocol that nginx doesn't know.
map $http_upgrade $greenroom_upgrade {
  default "";
  ~*^websocket$ websocket;
}
map $greenroom_upgrade $greenroom_connection {
  default "";
  websocket upgrade;
}
# Somebody on this machine may be a proxy before us; anybody else could claim anything.
geo $greenroom_trusted {
  default 0;
  127.0.0.0/8 1;
  ::1 1;
}
map $greenroom_trusted $greenroom_for {
  0 $remote_addr;
  1 $proxy_add_x_forwarded_for;
}
${renderForwarded("proto", "$scheme")}${renderForwarded("host", NAMED)}${["forwarded", "x_real_ip", "x_forwarded_port"].map(renderClaimed).join("")}
# As good as nginx's own, which is drawn at random, and that costs more than to find a file.
map "" $greenroom_id {
  default "$pid-$connection-$connection_requests-$msec";
}
map "$host $http_host" $greenroom_named {
  default $host;
  "~*^([a-z0-9.-]+) \\1\\.?(?::\\d{1,5})?$" $http_host;
}
map $http_host $greenroom_port {
  default "";
  "~^[^:]*(?<greenroom_p>:\\d{1,5})$" $greenroom_p;
}
${PHP_SHARED}
# What no environment has set, so that the log can be declared before there is one.
map "" $greenroom_bucket {
  default "";
}
map "" $greenroom_side {
  default "";
}

log_format greenroom escape=json
  ${LOGGED},"upstreamSeconds":"$upstream_response_time","id":"$greenroom_id"}';
# Where no app is asked.
log_format greenroom_files escape=json
  ${LOGGED}}';
`;
}

const LOGGED = `'{"at":"$time_iso8601","host":"$host","bucket":"$greenroom_bucket","side":"$greenroom_side",'
  '"method":"$request_method","uri":"$request_uri","status":$status,"bytes":$bytes_sent,"from":"$remote_addr",'
  '"seconds":"$request_time"`;

/** The name that a request was routed by, as it was written: a visitor may write one and claim another. */
export const NAMED = "$greenroom_named";

/** Apps may believe it, so only who may be a proxy can say it. */
function renderClaimed(header: string): string {
  return `map $greenroom_trusted $greenroom_${header} {
  0 "";
  1 $http_${header};
}
`;
}

/** What a proxy before us says counts, where it may. */
function renderForwarded(what: string, seen: string): string {
  const told = `$http_x_forwarded_${what}`;
  return `map ${told} $greenroom_told_${what} {
  default ${told};
  "" ${seen};
}
map $greenroom_trusted $greenroom_${what} {
  0 ${seen};
  1 $greenroom_told_${what};
}
`;
}

/** The cookie that tells a newcomer's bucket, with nginx's variable in the bucket's place. */
export const NEW_COOKIE = bucketCookie("$greenroom_random");
