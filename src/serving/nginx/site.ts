import { createHash } from "node:crypto";
import { SIDES, type Side } from "../../environment/sides.ts";
import { at, type Identity, type Site } from "../../environment/site.ts";
import { phpAt } from "../php/places.ts";
import { renderContent, renderMixed, renderPosted, renderPostedMixed } from "./content.ts";
import { renderHold } from "./hold.ts";
import { NOTHING_PAGE, UNKNOWN_PAGE } from "./pages.ts";
import { kindOf, renderPhpAmong } from "./php.ts";
import { renderPreviewChoice, renderSubdomainChoice } from "./previews.ts";
import { indent, literal, word } from "./quote.ts";
import { areEqual, type Shape, type Shapes } from "./shape.ts";
import { renderChallenges, renderRedirect, renderTls, type TlsFacts } from "./tls.ts";
import { renderTraffic } from "./traffic.ts";

/** All that nginx is told of an environment. Equal facts give equal text, and equal text needs no reload. */
export interface Facts {
  site: Site;
  identity: Pick<Identity, "domain" | "subdomains" | "previews">;
  shapes: Shapes;
  /** Of those sides whose process listens on one. */
  ports: Record<Side, number | null>;
  /** Addresses to listen on, as nginx writes them. */
  listen: string[];
  tls: TlsFacts | null;
  /** What each of its servers begins with. */
  ground: string;
}

export function renderSite(facts: Facts): string {
  const { site, identity } = facts;
  const { domain, subdomains } = identity;
  const live = `${renderTraffic(site)}${renderRest(facts, "$greenroom_side", "$http_host")}`;
  const wild = subdomains
    ? `${renderSubdomainChoice(site, domain)}${renderTraffic(site)}${renderRest(facts, "$greenroom_at", "$greenroom_app_host")}`
    : `${renderPreviewChoice(site, domain)}${renderRest(facts, "$greenroom_at", "$http_host")}`;
  return `# Written by Greenroom. Changes are lost.

${renderUpstreams(facts)}${areEqual(facts.shapes) ? "" : renderMaps(facts)}
${renderServers(facts, domain, live, "domain")}
${renderServers(facts, `*.${domain}`, wild, "below")}`;
}

function renderUpstreams({ site, shapes, ports }: Facts): string {
  const target = (side: Side) => {
    if (shapes[side].kind === "php") return `unix:${phpAt.socket(site, side)}`;
    return shapes[side].listen === "port" ? `127.0.0.1:${ports[side]}` : `unix:${at.socket(site, side)}`;
  };
  // Files need none, and its socket may have too long a path.
  return SIDES.filter((side) => shapes[side].kind !== "static")
    .map(
      (side) => `upstream ${upstreamOf(site)}${side} {
  server ${word(literal(target(side)))};
  keepalive 32;
  # Apps close connections that idle: ours must be gone before, or a request meets the close.
  keepalive_timeout 1s;
}
`,
    )
    .join("");
}

/** No name holds two dots in a row, so no two environments share this. */
function upstreamOf({ project, environment }: Site): string {
  return `greenroom.${project}..${environment}..`;
}

function renderMaps({ site, shapes }: Facts): string {
  const by = (what: string, of: (shape: Shape) => string) => `map $greenroom_side ${variable(site, what)} {
  default ${word(of(shapes.blue))};
  green ${word(of(shapes.green))};
}
`;
  const some = [shapes.blue, shapes.green].some(({ php }) => php !== null);
  const front = some ? by("front", ({ php }) => literal(php?.front ?? ".greenroom")) : "";
  return by("kind", kindOf) + by("folder", ({ folder }) => literal(folder ?? ".greenroom")) + front;
}

function variable({ project, environment }: Site, what: string): string {
  const hash = createHash("sha256").update(`${project}/${environment}`).digest("hex");
  return `$greenroom_${what}_${hash.slice(0, 12)}`;
}

/** Where there is a certificate for the names, all but a little of plain HTTP is just sent on to them. */
function renderServers(facts: Facts, names: string, body: string, which: "domain" | "below"): string {
  const { listen, tls } = facts;
  const plain = renderPlainListen(listen);
  if (!tls?.certificates[which]) {
    return renderServer(facts, names, `${plain}${tls ? renderChallenges(tls) : ""}`, body);
  }
  return `${renderServer(facts, names, plain, `${renderChallenges(tls)}${renderRedirect(tls)}`)}
${renderServer(facts, names, renderTls(tls, tls.certificates[which]), body)}`;
}

function renderPlainListen(listen: string[]): string {
  return listen.map((address) => `listen ${address};\n`).join("");
}

function renderServer({ site, ground }: Facts, names: string, head: string, body: string): string {
  return `server {
${indent(ground)}${indent(head)}  server_name ${names};
  absolute_redirect off;
  access_log ${word(literal(at.log(site, "access.log")))} greenroom buffer=32k flush=1s;
  error_log ${word(literal(at.log(site, "error.log")))} warn;
${indent(body)}}
`;
}

/** `place` names, below the site, what is served. */
function renderRest({ site, shapes }: Facts, place: string, appHost: string): string {
  const release = `${literal(site.dir)}/${place}`;
  const assets = word(literal(at.asset(site)).replace(/\/$/, ""));
  const upstream = `${upstreamOf(site)}$greenroom_side`;
  const to = { release, assets, upstream: `http://${upstream}`, appHost };
  const php = { assets, upstream, appHost, kind: variable(site, "kind"), front: variable(site, "front") };
  const mixed = {
    kind: variable(site, "kind"),
    folder: variable(site, "folder"),
    storage: [...new Set([...shapes.blue.storage, ...shapes.green.storage])],
    php: renderPhpAmong([shapes.blue, shapes.green], php),
  };
  const alike = { ...to, ...(shapes.blue.php && { upstream }), shape: shapes.blue };
  const content = areEqual(shapes) ? renderContent(alike) : renderMixed({ ...to, ...mixed });
  const posted = areEqual(shapes) ? renderPosted(alike) : renderPostedMixed(mixed);
  return `add_header Set-Cookie $greenroom_cookie always;
add_header X-Robots-Tag $greenroom_robots always;
add_header X-Content-Type-Options $greenroom_nosniff always;
add_header Cache-Control $greenroom_cache;
${content}${renderHold(site, posted)}${UNKNOWN_PAGE}${NOTHING_PAGE}`;
}
