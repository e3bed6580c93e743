import { readJson } from "../../disk/durable.ts";
import { previewHost } from "../../environment/previews.ts";
import type { Side } from "../../environment/sides.ts";
import { at, type Identity, type Site, siteName } from "../../environment/site.ts";
import { GreenroomError } from "../../errors.ts";
import { readMachine } from "../machine.ts";

/** Where nginx shows a side to those who know its name. */
export interface Preview {
  host: string;
  target: { host: string; port: number };
}

export function previewOf(site: Site, side: Side): Preview {
  const domain = readJson<Identity>(at.identity(site))?.domain;
  if (!domain) throw new GreenroomError("ENVIRONMENT_MISSING", `${siteName(site)} has no environment.json`);
  return { host: previewHost(site, domain, side), target: reach(readMachine(site.root).listen[0]!) };
}

/** How this machine itself comes to where nginx listens. */
export function reach(listen: string): Preview["target"] {
  const [, address, port] = /^(?:(.*):)?(\d+)$/.exec(listen)!;
  const host = address?.replace(/^\[(.*)\]$/, "$1") ?? "0.0.0.0";
  if (host === "::") return { host: "::1", port: Number(port) };
  return { host: host === "0.0.0.0" ? "127.0.0.1" : host, port: Number(port) };
}
