import type { Config } from "./config.ts";
import { answer } from "./pages.ts";
import { nginxAt } from "./places.ts";
import { literal, word } from "./quote.ts";

/** Where Debian's nginx, and others, look for what is added to them. */
export const INCLUDE = "/etc/nginx/conf.d/greenroom.conf";

/** What ties a root into the machine's nginx. */
export function renderInclude(root: string, listen: string[], { files }: Config): string {
  const others = [...files].filter(([file]) => file !== INCLUDE).map(([, text]) => text);
  const isSet = (name: string) => others.some((text) => new RegExp(`^\\s*${name}\\s`, "m").test(text));
  // nginx takes none of these twice.
  const limits = Object.entries(LIMITS).filter(([name]) => !isSet(name));
  return `${markOf(root)}
${limits.map(([name, value]) => `${name} ${value};\n`).join("")}include ${word(literal(nginxAt.shared(root)))};
# Before the sites, so that no site answers for names that nobody has, where nothing else says what does.
server {
${listen.map((address) => `  listen ${address};\n`).join("")}  server_name greenroom.invalid;
  location / {
    ${answer(404, "There is no such site here")}
  }
}
include ${word(`${literal(nginxAt.sites(root))}/*.conf`)};
`;
}

/** For thousands of names, some of them long. */
const LIMITS = { server_names_hash_max_size: 65536, server_names_hash_bucket_size: 256 };

export function isOurs(root: string, text: string): boolean {
  return text.startsWith(markOf(root));
}

function markOf(root: string): string {
  return `# Written by Greenroom for ${root}; greenroom setup --remove takes it away.`;
}
