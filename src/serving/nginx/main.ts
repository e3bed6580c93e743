import { TYPES } from "../router/content-types.ts";
import { answer } from "./pages.ts";
import { indent, literal, word } from "./quote.ts";

export interface Main {
  /** The folder of Greenroom's own that holds all of nginx's files. */
  dir: string;
  listen: string[];
  /** Whom nginx's workers run as, where root starts it. */
  user: string | null;
}

/** The whole configuration of an nginx that Greenroom itself starts. */
export function renderMain({ dir, listen, user }: Main): string {
  const file = (name: string) => word(`${literal(dir)}/${name}`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `# Written by Greenroom. Changes are lost.
daemon off;
${user === null ? "" : `user ${word(user)};\n`}pid ${file("nginx.pid")};
error_log ${file("error.log")} warn;
worker_processes auto;
pcre_jit on;
events {
  worker_connections 4096;
}
http {
${temporary.map((what) => `  ${what}_temp_path ${file(`tmp/${what}`)};\n`).join("")}${indent(renderGround())}${indent(HTTP)}  include ${file("shared.conf")};
  include ${file("sites/*.conf")};
  server {
${listen.map((address) => `    listen ${address} default_server reuseport;\n`).join("")}    location / {
      ${answer(404, "There is no such site here")}
    }
  }
}
`;
}

/** nginx counts HTML in by itself. */
const BESIDES_HTML = typesOf(true)
  .filter((type) => type !== "text/html")
  .join(" ");

/** What all of our servers are built on, whatever the nginx around them was told. */
export function renderGround(): string {
  return `types {
${indent(renderTypes())}}
default_type application/octet-stream;
charset_types ${BESIDES_HTML};
server_tokens off;
sendfile on;
tcp_nopush on;
keepalive_timeout 65s;
keepalive_requests 100000;
gzip on;
gzip_vary on;
gzip_types ${BESIDES_HTML};
`;
}

const HTTP = `client_max_body_size 0;
server_names_hash_max_size 65536;
server_names_hash_bucket_size 256;
variables_hash_max_size 8192;
variables_hash_bucket_size 128;
access_log off;
`;

function typesOf(text: boolean): string[] {
  const types = [...TYPES.values()].filter((type) => type.includes(";") === text);
  return [...new Set(types.map((type) => type.split(";")[0]!))];
}

function renderTypes(): string {
  const endings = (type: string) => [...TYPES].filter(([, of]) => of.split(";")[0] === type);
  return [...typesOf(true), ...typesOf(false)]
    .map(
      (type) =>
        `${type} ${endings(type)
          .map(([ending]) => ending)
          .join(" ")};\n`,
    )
    .join("");
}
