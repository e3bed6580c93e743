import { SIDES, type Side } from "../../environment/sides.ts";
import { at, type Identity, type Site } from "../../environment/site.ts";
import { phpAt } from "../php/places.ts";
import { renderContent, renderPosted } from "./content.ts";
import { readFileHeaders, renderDifferences, variable } from "./differences.ts";
import { type Headers, renderFileHeaders } from "./headers.ts";
import { renderHold } from "./hold.ts";
import { renderMixed, renderPostedMixed } from "./mixed.ts";
import { IDLE_PAGE, NOTHING_PAGE, UNKNOWN_PAGE } from "./pages.ts";
import { renderPhpAmong } from "./php.ts";
import { renderPreviewChoice, renderSubdomainChoice } from "./previews.ts";
import { indent, literal, word } from "./quote.ts";
import { areEqual, type Shape, type Shapes } from "./shape.ts";
import { NAMED } from "./shared.ts";
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
  const rest = (place: string, appHost: string, said: Pick<Headers, "cookie" | "robots">) =>
    renderRest(facts, place, appHost, { ...said, ...readFileHeaders(site, facts.shapes) });
  const live = `${renderTraffic(site, "visitors")}${rest("$greenroom_side", NAMED, { cookie: true, robots: false })}`;
  const wild = subdomains
    ? `${renderSubdomainChoice(site, domain)}${renderTraffic(site, "previews")}${rest("$greenroom_at", "$greenroom_app_host", { cookie: true, robots: true })}`
    : `${renderPreviewChoice(site, domain)}${rest("$greenroom_at", NAMED, { cookie: false, robots: true })}`;
  return `# Written by Greenroom. Changes are lost.

${renderUpstreams(facts)}${renderDifferences(site, facts.shapes)}
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
      (side) => `upstream ${upstreamOf(site, side)} {
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
function upstreamOf({ project, environment }: Site, side: string): string {
  return `greenroom.${project}..${environment}..${side}`;
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

function renderServer({ site, shapes, ground }: Facts, names: string, head: string, body: string): string {
  const asksApp = SIDES.some((side) => shapes[side].kind !== "static");
  const compressed = SIDES.some((side) => shapes[side].precompressed);
  return `server {
${indent(ground)}${indent(head)}  server_name ${names};
  absolute_redirect off;
  access_log ${word(literal(at.log(site, "access.log")))} ${asksApp ? "greenroom" : "greenroom_files"} buffer=32k flush=1s;
  error_log ${word(literal(at.log(site, "error.log")))} warn;
${compressed ? "  gzip_static on;\n" : ""}${indent(body)}}
`;
}

/** `place` names, below the site, what is served. */
function renderRest({ site, shapes }: Facts, place: string, appHost: string, headers: Headers): string {
  const release = `${literal(site.dir)}/${place}`;
  const assets = word(literal(at.asset(site)).replace(/\/$/, ""));
  const nameOf = (side: Side) => (shapes[side].kind === "process" ? upstreamOf(site, side) : null);
  const upstreams = { blue: nameOf("blue"), green: nameOf("green") };
  const upstream = upstreamOf(site, "$greenroom_side");
  const to = { release, assets, upstreams, upstream, appHost, headers };
  const [kind, front] = [variable(site, "kind"), variable(site, "front")];
  const mixed = {
    kind,
    folder: variable(site, "folder"),
    storage: both(shapes, ({ storage }) => storage),
    immutable: both(shapes, ({ immutable }) => immutable),
    php: renderPhpAmong([shapes.blue, shapes.green], { ...to, kind, front }),
  };
  const alike = { ...to, shape: shapes.blue };
  const content = areEqual(shapes) ? renderContent(alike) : renderMixed({ ...to, ...mixed });
  const posted = areEqual(shapes) ? renderPosted(alike) : renderPostedMixed(mixed);
  return `${renderFileHeaders(headers)}${content}${renderHold(site, posted, upstreams.blue !== null || upstreams.green !== null)}${UNKNOWN_PAGE}${NOTHING_PAGE}${IDLE_PAGE}`;
}

function both(shapes: Shapes, of: (shape: Shape) => string[]): string[] {
  return [...new Set([...of(shapes.blue), ...of(shapes.green)])];
}
