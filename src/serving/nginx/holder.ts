import { chmodSync, chownSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { ensureDirectory, orNull } from "../../disk/durable.ts";
import { type Site, siteOf } from "../../environment/site.ts";
import { GreenroomError } from "../../errors.ts";
import type { Emit } from "../../events.ts";
import { isName } from "../../names.ts";
import { sendPaused } from "../router/help-pages.ts";
import { untilResumed } from "../router/hold.ts";
import { LONGEST } from "../supervisor/endpoint.ts";
import { webAccount } from "../web-account.ts";
import { nginxAt } from "./places.ts";

/** How nginx says which request it is, and of what site. */
export const SITE_HEADER = "X-Greenroom-Site";
export const URI_HEADER = "X-Greenroom-Uri";
/** Not empty where an app may be meant by an address, just as it was written. */
export const APP_HEADER = "X-Greenroom-App";

/** So many visitors may come in the moment that a site is paused: who finds the queue full is turned away. */
const BACKLOG = 4096;

/** nginx can't wait, so it asks here, and gets its answer when the site lets visitors in: go on with the request. */
export async function startHolder(root: string, emit: Emit): Promise<Server> {
  assertHolderFits(root);
  warnOfShortQueue(emit);
  const server = createServer((req, res) => void answer(root, { req, res }, emit));
  const path = nginxAt.hold(root);
  ensureDirectory(nginxAt.dir(root));
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen({ path, backlog: BACKLOG }, resolve);
  });
  openForWorkers(root, path);
  return server;
}

function warnOfShortQueue(emit: Emit): void {
  const limit = Number(
    orNull(() => readFileSync("/proc/sys/net/core/somaxconn", "utf8"), "ENOENT") ?? BACKLOG,
  );
  if (limit >= BACKLOG) return;
  const text = `net.core.somaxconn is ${limit}: of more visitors that come at once to a paused site, some are turned away; to have ${BACKLOG}: sysctl -w net.core.somaxconn=${BACKLOG}`;
  emit({ event: "warning", text });
}

/** Whoever else could connect could fill the queue. Until here, nobody but its owner could. */
function openForWorkers(root: string, path: string): void {
  const workers = webAccount(root);
  if (workers) chownSync(path, -1, workers.gid);
  chmodSync(path, 0o660);
}

/** Throws where the kernel can't take the socket's path. */
export function assertHolderFits(root: string): void {
  const excess = Buffer.byteLength(nginxAt.hold(root)) - LONGEST;
  if (excess <= 0) return;
  throw new GreenroomError(
    "ROOT_UNUSABLE",
    `the socket ${nginxAt.hold(root)} would be ${excess} bytes longer than the kernel takes`,
    { hint: "choose a shorter root with --root" },
  );
}

interface Asked {
  req: IncomingMessage;
  res: ServerResponse;
}

/** Whatever is asked, and whatever happens to it: others go on waiting. */
async function answer(root: string, asked: Asked, emit: Emit): Promise<void> {
  try {
    await hold(root, asked);
  } catch (error) {
    emit({ event: "warning", text: `a request couldn't wait for its site: ${error}` });
    if (!asked.res.headersSent) asked.res.writeHead(500);
    asked.res.end();
  }
}

async function hold(root: string, { req, res }: Asked): Promise<void> {
  const site = findSite(root, req.headers[SITE_HEADER.toLowerCase()]);
  const uri = req.headers[URI_HEADER.toLowerCase()];
  if (!site || typeof uri !== "string") return void res.writeHead(400).end();
  const resumed = await untilResumed(site, () => res.destroyed);
  if (!resumed) return sendPaused({ req, res });
  const keeps = req.headers[APP_HEADER.toLowerCase()] === undefined || isPlain(uri);
  const again = isRepeated(req.method) && keeps ? uri : "@resumed";
  res.writeHead(200, { "X-Accel-Redirect": again }).end();
}

/** nginx would make another method a GET on its way to an address; not so on its way to a named place. */
function isRepeated(method: string | undefined): boolean {
  return method === "GET" || method === "HEAD";
}

/** Whether nginx writes the address anew as it was. Files have plain ones; what is odd is for an app. */
function isPlain(uri: string): boolean {
  const path = uri.replace(/\?.*$/s, "");
  if (path.includes("//") || /\/\.\.?(?:\/|$)/.test(path)) return false;
  return (path.match(/%.{0,2}/gs) ?? []).every((code) =>
    /^%(?:20|22|23|25|3F|[01][0-9A-F]|[7-9A-F][0-9A-F])$/.test(code),
  );
}

function findSite(root: string, header: string | string[] | undefined): Site | null {
  const [project = "", environment = "", ...rest] = String(header).split("/");
  return isName(project) && isName(environment) && rest.length === 0
    ? siteOf(root, project, environment)
    : null;
}
