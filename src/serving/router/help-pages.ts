import type { IncomingMessage, ServerResponse } from "node:http";
import { siteName } from "../../environment/site.ts";
import type { Destination } from "./hosts.ts";
import { sendPage } from "./pages.ts";
import type { Request, Visit } from "./visit.ts";

// Visitors are told that something is wrong, the site's own people what it is and which command helps.

export function sendUnknownHost({ req, res }: Request): void {
  sendPage(req, res, { status: 404, title: "There is no such site here" });
}

export function sendTwoHosts(req: IncomingMessage, res: ServerResponse): void {
  sendPage(req, res, { status: 400, title: "A request has one Host" }, ["Connection", "close"]);
}

export function sendNothingLive({ site }: Destination, { req, res, insider }: Request): void {
  const help = [
    `${siteName(site)} has no release that could answer.`,
    `Try: \`greenroom deploy ${site.environment}\``,
  ];
  sendPage(req, res, { status: 503, title: "Nothing is live here yet", help: insider ? help : [] }, RETRY);
}

export const PAUSED_PAGE = {
  status: 503,
  title: "This site is being worked on and will be back in a moment",
};

export function sendPaused({ req, res }: Pick<Request, "req" | "res">): void {
  sendPage(req, res, PAUSED_PAGE, RETRY);
}

export function sendUnreachable({ release, side, extra }: Visit, { req, res, insider }: Request): void {
  const { project, environment } = release.site;
  const help = [
    `The web process of ${project}/${environment} on its ${side} side (release ${release.version}) doesn't answer.`,
    `Try: \`greenroom status ${environment}\``,
    `Its output is in \`sites/${project}/${environment}/log/web.${side}.log\``,
  ];
  const title = "This site doesn't answer at the moment";
  sendPage(req, res, { status: 502, title, help: insider ? help : [] }, extra);
}

export function sendNotRunning({ release, extra }: Visit, { req, res }: Request): void {
  const { version, site } = release;
  const help = [
    `Release ${version} of ${siteName(site)} is on disk, but on neither side, so its processes don't run.`,
    `To see it, stage it: \`greenroom stage ${site.environment} --release ${version}\``,
  ];
  sendPage(req, res, { status: 503, title: "This release isn't running", help }, extra);
}

export function sendNeedsNginx({ release, extra }: Visit, { req, res, insider }: Request): void {
  const help = [
    `${siteName(release.site)} is a PHP site, which nginx and PHP-FPM serve.`,
    "Try: `greenroom setup --router nginx`",
  ];
  const title = "This site doesn't answer at the moment";
  sendPage(req, res, { status: 502, title, help: insider ? help : [] }, extra);
}

const RETRY = ["Retry-After", "5"];
