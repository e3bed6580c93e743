import { join } from "node:path";
import { ensureDirectory, readJsonIfWhole } from "../../disk/durable.ts";
import type { Router } from "../../environment/parts.ts";
import { ensurePort } from "../../environment/ports.ts";
import type { Side } from "../../environment/sides.ts";
import { at, type Identity, type Site, siteName, siteOf } from "../../environment/site.ts";
import { listNames, listSites } from "../../environment/state.ts";
import { GreenroomError } from "../../errors.ts";
import type { Emit } from "../../events.ts";
import { type Change, isChange, put, readOrNull } from "../changes.ts";
import type { Doors, Machine } from "../machine.ts";
import { tlsPortOf } from "../machine-file.ts";
import { changeNginx } from "./change.ts";
import { assertUnserved } from "./contest.ts";
import { keyGroup } from "./key-group.ts";
import { renderGround } from "./main.ts";
import { nginxAt, nginxOf } from "./places.ts";
import { literal, word } from "./quote.ts";
import { readShapes, type Shapes } from "./shape.ts";
import { renderShared } from "./shared.ts";
import { renderSite } from "./site.ts";
import { renderUnknownNames, tlsFactsOf } from "./tls.ts";

/** Tells nginx of environments: by one file each, and a reload where that file changes. */
export function createNginxRouter(root: string, machine: Machine): Router {
  const nginx = nginxOf(root, machine.unprivileged);
  return {
    async assertFree(site, domain) {
      if (!machine.unprivileged && process.getuid?.() === 0) assertUnserved(site, domain, machine);
    },
    settle: (site) =>
      changeNginx(root, nginx, async () => [
        { path: nginxAt.site(site), content: await renderFor(site, machine) },
      ]),
    forget: (site) => changeNginx(root, nginx, async () => [{ path: nginxAt.site(site), content: null }]),
    tls: async () =>
      tlsPortOf(machine) === null
        ? null
        : { group: keyGroup(root, nginx, machine), wildcards: machine.acme.dns !== null },
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
    ground: doors.unprivileged ? "" : groundOf(site, shapes),
  });
}

/** One environment that nginx can't be told of doesn't keep visitors from all the others, where somebody hears of it. */
async function renderOrKeep(site: Site, doors: Doors, emit: Emit | null): Promise<string | null> {
  try {
    return await renderFor(site, doors);
  } catch (error) {
    if (emit === null || !(error instanceof GreenroomError)) throw error;
    emit({ event: "warning", text: `${siteName(site)} is served as before: ${error.message}` });
    return readOrNull(nginxAt.site(site));
  }
}

/** Our own nginx has been told so for all servers; the machine's serves others, too. PHP sets a limit of its own. */
function groundOf({ root }: Site, { blue, green }: Shapes): string {
  const body = blue.php || green.php ? "" : "client_max_body_size 0;\n";
  return `include ${word(literal(nginxAt.ground(root)))};\n${body}`;
}

/** All that environments have nginx told, from what is on disk now: they may have changed while nobody told it. */
export async function planSites(root: string, doors: Doors, emit: Emit | null = null): Promise<Change[]> {
  const shared = renderShared() + renderUnknownNames(doors.listenTls);
  const sites = listSites(root).map(({ project, environment }) => siteOf(root, project, environment));
  const wanted = await Promise.all(
    sites.map(async (site) => ({ path: nginxAt.site(site), content: await renderOrKeep(site, doors, emit) })),
  );
  const known = new Set(wanted.map(({ path }) => path));
  const old = listNames(nginxAt.sites(root))
    .filter((name) => name.endsWith(".conf"))
    .map((name) => join(nginxAt.sites(root), name));
  return [
    { path: nginxAt.shared(root), content: shared },
    { path: nginxAt.ground(root), content: doors.unprivileged ? null : renderGround() },
    ...wanted,
    ...old.filter((path) => !known.has(path)).map((path) => ({ path, content: null })),
  ];
}

/** The same, for an nginx that isn't running yet. */
export async function writeSites(root: string, doors: Doors, emit: Emit): Promise<void> {
  ensureDirectory(nginxAt.sites(root));
  for (const change of await planSites(root, doors, emit)) if (isChange(change)) put(change);
}
