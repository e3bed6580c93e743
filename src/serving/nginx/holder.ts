import { chmodSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type Site, siteOf } from "../../environment/site.ts";
import { GreenroomError } from "../../errors.ts";
import { isName } from "../../names.ts";
import { sendPaused } from "../router/help-pages.ts";
import { untilResumed } from "../router/hold.ts";
import { LONGEST } from "../supervisor/endpoint.ts";
import { nginxAt } from "./places.ts";

/** How nginx says which request it is, and of what site. */
export const SITE_HEADER = "X-Greenroom-Site";
export const URI_HEADER = "X-Greenroom-Uri";
/** Not empty where an app may be meant by an address, just as it was written. */
export const APP_HEADER = "X-Greenroom-App";

/** nginx can't wait, so it asks here, and gets its answer when the site lets visitors in: go on with the request. */
export async function startHolder(root: string): Promise<Server> {
  assertHolderFits(root);
  const server = createServer((req, res) => void hold(root, req, res));
  const place = nginxAt.hold(root);
  rmSync(place, { force: true });
  await new Promise<void>((resolve, reject) => void server.once("error", reject).listen(place, resolve));
  // Whoever nginx's workers are: all that anybody can do here is wait.
  chmodSync(place, 0o666);
  return server;
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

async function hold(root: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const site = siteNamed(root, req.headers[SITE_HEADER.toLowerCase()]);
  const resumed = await untilResumed(site, () => res.destroyed);
  if (!resumed) return sendPaused({ req, res });
  const uri = String(req.headers[URI_HEADER.toLowerCase()]);
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

function siteNamed(root: string, header: string | string[] | undefined): Site {
  const [project = "", environment = ""] = String(header).split("/");
  if (isName(project) && isName(environment)) return siteOf(root, project, environment);
  throw new GreenroomError("NAME_INVALID", `nginx asks for ${JSON.stringify(header)}`);
}
