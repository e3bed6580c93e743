import { readFileSync, rmSync } from "node:fs";
import { ensureDirectory, orNull, readJsonIfWhole, writeFileDurably } from "../../disk/durable.ts";
import { removeTree } from "../../disk/remove.ts";
import type { Router } from "../../environment/parts.ts";
import { ensurePort } from "../../environment/ports.ts";
import type { Side } from "../../environment/sides.ts";
import { at, type Identity, type Site, siteOf } from "../../environment/site.ts";
import { listSites } from "../../environment/state.ts";
import { type Doors, type Machine, tlsPortOf } from "../machine.ts";
import { takeTurn } from "../turns.ts";
import { keyGroup } from "./key-group.ts";
import { type Nginx, nginxAt, nginxOf } from "./places.ts";
import { reload, testConfig } from "./program.ts";
import { readShapes } from "./shape.ts";
import { renderShared } from "./shared.ts";
import { renderSite } from "./site.ts";
import { renderUnknownNames, tlsFactsOf } from "./tls.ts";

/** Tells nginx of environments: by one file each, and a reload where that file changes. */
export function createNginxRouter(root: string, machine: Machine): Router {
  const nginx = nginxOf(root, machine.unprivileged);
  return {
    settle: (site) => replace(root, nginx, nginxAt.site(site), () => renderFor(site, machine)),
    forget: (site) => replace(root, nginx, nginxAt.site(site), async () => null),
    tls: async () => (tlsPortOf(machine) === null ? null : { group: keyGroup(root, nginx, machine) }),
  };
}

/** What nginx is to be told of an environment; null where there is nothing to serve. */
async function renderFor(site: Site, doors: Doors): Promise<string | null> {
  const identity = readJsonIfWhole<Identity>(at.identity(site));
  const shapes = readShapes(site);
  if (!identity || !shapes) return null;
  const portOf = async (side: Side) => (shapes[side].listen === "port" ? await ensurePort(site, side) : null);
  const ports = { blue: await portOf("blue"), green: await portOf("green") };
  return renderSite({
    site,
    identity,
    shapes,
    ports,
    listen: doors.listen,
    tls: tlsFactsOf(site, identity, doors),
  });
}

/** All that environments have nginx told, from what is on disk now: they may have changed while nobody told it. */
export async function writeSites(root: string, doors: Doors): Promise<void> {
  removeTree(nginxAt.sites(root));
  ensureDirectory(nginxAt.sites(root));
  writeFileDurably(nginxAt.shared(root), renderShared() + renderUnknownNames(doors.listenTls));
  for (const { project, environment } of listSites(root)) {
    const site = siteOf(root, project, environment);
    const text = await renderFor(site, doors);
    if (text !== null) writeFileDurably(nginxAt.site(site), text);
  }
}

/** Puts a file into nginx's configuration, or takes it away. What nginx refuses was never there. */
async function replace(
  root: string,
  nginx: Nginx,
  path: string,
  render: () => Promise<string | null>,
): Promise<void> {
  const lock = await takeTurn(nginxAt.lock(root), "nginx");
  try {
    const before = orNull(() => readFileSync(path, "utf8"), "ENOENT");
    const after = await render();
    if (after === before) return;
    ensureDirectory(nginxAt.sites(root));
    put(path, after);
    try {
      testConfig(nginx);
      await reload(nginx);
    } catch (error) {
      put(path, before);
      await reload(nginx).catch(() => {});
      throw error;
    }
  } finally {
    lock.release();
  }
}

function put(path: string, text: string | null): void {
  if (text === null) rmSync(path, { force: true });
  else writeFileDurably(path, text);
}
