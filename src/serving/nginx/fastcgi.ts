import { type Headers, renderAppHeaders } from "./headers.ts";
import { indent, word } from "./quote.ts";
import type { PhpShape } from "./shape.ts";

export interface PhpTo {
  /** Where hashed files of other releases are. */
  assets: string;
  upstream: string;
  appHost: string;
  headers: Headers;
}

// A script is a file of the release proper: the links that lead out of it lead to what visitors may write.
export function renderScript({ time }: PhpShape, to: PhpTo, missed: string): string {
  return `fastcgi_split_path_info "^(.+?\\.php)(/.*)?$";
set $greenroom_info $fastcgi_path_info;
disable_symlinks on from=$document_root;
try_files $fastcgi_script_name ${missed};
${renderPass("$fastcgi_script_name", time, to)}fastcgi_param PATH_INFO $greenroom_info;
`;
}

export function renderFront(script: string, time: number, to: PhpTo): string {
  return `location @front {
${indent(renderPass(script, time, to))}}
`;
}

// By its real path, a release's code is another's in every cache of PHP's. Looked up once: the side's pointer may move
// between two looks.
function renderPass(script: string, time: number, { upstream, appHost, headers }: PhpTo): string {
  const params = {
    SCRIPT_FILENAME: word(`$greenroom_real${script}`),
    DOCUMENT_ROOT: "$greenroom_real",
    SCRIPT_NAME: word(script),
    QUERY_STRING: "$query_string",
    REQUEST_METHOD: "$request_method",
    CONTENT_TYPE: "$content_type",
    CONTENT_LENGTH: "$content_length",
    REQUEST_URI: "$request_uri",
    DOCUMENT_URI: "$document_uri",
    SERVER_PROTOCOL: "$server_protocol",
    REQUEST_SCHEME: "$greenroom_proto",
    HTTPS: "$greenroom_https if_not_empty",
    GATEWAY_INTERFACE: "CGI/1.1",
    SERVER_SOFTWARE: "nginx",
    REMOTE_ADDR: "$remote_addr",
    REMOTE_PORT: "$remote_port",
    SERVER_ADDR: "$server_addr",
    SERVER_PORT: "$server_port",
    SERVER_NAME: "$host",
    REDIRECT_STATUS: "200",
    GREENROOM_RELEASE: "$greenroom_release",
    HTTP_HOST: appHost,
    HTTP_X_FORWARDED_FOR: "$greenroom_for",
    HTTP_X_FORWARDED_PROTO: "$greenroom_proto",
    HTTP_X_FORWARDED_HOST: "$greenroom_host",
    HTTP_X_REQUEST_ID: "$greenroom_id",
    // PHP's HTTP clients would take a visitor's header for the server's proxy.
    HTTP_PROXY: '""',
  };
  return `${renderAppHeaders(headers)}set $greenroom_real $realpath_root;
${Object.entries(params)
  .map(([name, value]) => `fastcgi_param ${name} ${value};\n`)
  .join("")}fastcgi_pass ${upstream};
fastcgi_connect_timeout 5s;
fastcgi_send_timeout 1h;
fastcgi_read_timeout ${time + 5}s;
fastcgi_buffer_size 32k;
fastcgi_buffers 16 16k;
error_page 502 504 @down;
`;
}

/** For nginx's `http` block. */
export const PHP_SHARED = `
map $greenroom_proto $greenroom_https {
  default "";
  https on;
}
map $realpath_root $greenroom_release {
  default "";
  "~/releases/(?<greenroom_version>[^/]+)" $greenroom_version;
}
`;
