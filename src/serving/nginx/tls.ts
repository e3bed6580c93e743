import type { Identity, Site } from "../../environment/site.ts";
import { certificatePath, type Role, rolesServed } from "../../environment/tls/tls.ts";
import type { Doors } from "../machine.ts";
import { tlsPortOf } from "../machine-file.ts";
import { nginxAt } from "./places.ts";
import { literal, word } from "./quote.ts";

/** How an environment is answered for by https. */
export interface TlsFacts {
  listen: string[];
  port: number;
  /** Certificates for the domain and for the names below it, where there are any yet. */
  certificates: { domain: string | null; below: string | null };
  /** Where challenges of a certificate authority lie, where one is asked for certificates. */
  challenges: string | null;
}

/** Null where plain HTTP is all there is. */
export function tlsFactsOf(
  site: Site,
  identity: Pick<Identity, "domain" | "tls">,
  { listenTls }: Pick<Doors, "listenTls">,
): TlsFacts | null {
  const port = tlsPortOf({ listenTls });
  if (!identity.tls || port === null) return null;
  const { domain, below } = rolesServed(site, identity);
  const pathOf = (role: Role | null) => role && certificatePath(site, role);
  return {
    listen: listenTls,
    port,
    certificates: { domain: pathOf(domain), below: pathOf(below) },
    challenges: identity.tls.own === "acme" ? nginxAt.challenges(site.root) : null,
  };
}

// With a variable in its name, nginx reads the file anew for each connection: a new certificate needs no reload, and
// a reload would close connections that visitors are just about to use.
export function renderTls({ listen }: TlsFacts, certificate: string): string {
  const file = word(`${literal(certificate)}$greenroom_nothing`);
  return `${listen.map((address) => `listen ${address} ssl http2;\n`).join("")}ssl_certificate ${file};
ssl_certificate_key ${file};
${SAFE}`;
}

// What Mozilla recommends for servers of the public ("intermediate").
const SAFE = `ssl_protocols TLSv1.2 TLSv1.3;
ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
ssl_prefer_server_ciphers off;
ssl_session_cache shared:greenroom:10m;
ssl_session_timeout 1d;
ssl_session_tickets off;
`;

/** The same address by https. 308 has the method and the body sent again. */
export function renderRedirect({ port }: TlsFacts): string {
  return `location / {
  return 308 https://$host${port === 443 ? "" : `:${port}`}$request_uri;
}
`;
}

/** Answered whatever else the site does with requests, and where nothing is live yet, too. */
export function renderChallenges({ challenges }: TlsFacts): string {
  if (challenges === null) return "";
  return `if ($uri ~ "^/\\.well-known/acme-challenge/") {
  break;
}
location ^~ /.well-known/acme-challenge/ {
  default_type text/plain;
  add_header Cache-Control no-store;
  access_log off;
  alias ${word(`${literal(challenges)}/`)};
}
`;
}

/** Names that nobody here has a certificate for end the handshake, instead of getting that of somebody else. */
export function renderUnknownNames(listenTls: string[]): string {
  if (listenTls.length === 0) return "";
  return `
map "" $greenroom_nothing {
  default "";
}
server {
${listenTls.map((address) => `  listen ${address} ssl http2;\n`).join("")}  server_name "";
  ssl_reject_handshake on;
${SAFE.replace(/^(?=.)/gm, "  ")}}
`;
}
