import { homedir, hostname, userInfo } from "node:os";
import { join, resolve } from "node:path";
import type { Parts } from "./environment/parts.ts";
import { siteOf } from "./environment/site.ts";
import type { EnvironmentSpec } from "./environment/spec.ts";
import type { Scene, World } from "./environment/world.ts";
import { GreenroomError } from "./errors.ts";
import type { Emit } from "./events.ts";
import { isMachinesOwn } from "./names.ts";
import { loadProject, type Project } from "./project/load.ts";
import { chooseEnvironment, resolveSpec } from "./project/resolve.ts";
import { openStore } from "./release/store.ts";
import { findServer } from "./servers/find-server.ts";
import type { Host } from "./servers/host.ts";
import { createLocalHost } from "./servers/local.ts";
import { LOCAL } from "./servers/server.ts";
import type { Patience } from "./servers/ssh/line.ts";
import { accountFor } from "./serving/accounts.ts";
import { createSupervisorClient } from "./serving/supervisor/client.ts";

/** The real world, built once for a command. What a command doesn't ask for isn't opened. */
export interface App {
  root: string;
  /** Where the project is, or is looked for upwards. */
  start: string;
  emit: Emit;
  /** In whose name, for journals. */
  by: string;
  version: string;
  project(): Project;
  world(): World;
  /** The environment that the command names, or the project's only one. */
  scene(environment: string | undefined): Scene;
  sceneOf(spec: EnvironmentSpec): Scene;
  /** A machine by its name in greenroom.json, with a line to it where it isn't this one. */
  host(name: string, patience?: Patience): Promise<Host>;
}

export interface AppOptions {
  root: string | undefined;
  project: string | undefined;
  emit: Emit;
  /** In whose name, for the journal; whoever runs it unless told. */
  by?: string;
  /** Of this program. */
  version: string;
}

export function createApp({ root: given, project: start, emit, by = whoAmI(), version }: AppOptions): App {
  // Whatever the user's umask: the web server must be able to read what is served; secrets state their own mode.
  process.umask(0o022);
  const root = resolve(given ?? defaultRoot());
  if (isMachinesOwn(root)) throw notOurs(root);
  const project = once(() => loadProject(start ?? process.cwd(), { climb: start === undefined }));
  const world = once((): World => {
    const parts: Parts = {
      router: lazyRouter(root),
      supervisor: besidePhp(root, createSupervisorClient(root)),
      door: lazyDoor,
      readers: async () => (await import("./serving/web-account.ts")).webAccount(root)?.gid ?? null,
    };
    return { root, store: openStore(root), parts, by, now: () => new Date(), emit };
  });
  const sceneOf = (spec: EnvironmentSpec): Scene => ({
    world: world(),
    site: siteOf(root, spec.project, spec.environment),
    spec: withAccount(spec, root),
  });
  return {
    root,
    start: resolve(start ?? process.cwd()),
    emit,
    by,
    version,
    project,
    world,
    scene: (environment) => sceneOf(resolveSpec(project(), chooseEnvironment(project(), environment))),
    sceneOf,
    async host(name, patience) {
      if (name === LOCAL) return createLocalHost(sceneOf, { root, version });
      const { connect, readOwnBundle } = await import("./servers/remote.ts");
      const server = findServer(project().file, name);
      return connect(server, { bundle: readOwnBundle(version), by, emit: naming(name, emit), patience });
    },
  };
}

function withAccount(spec: EnvironmentSpec, root: string): EnvironmentSpec {
  const { serve } = spec;
  if (serve.kind === "static" || serve.user !== null) return spec;
  return { ...spec, serve: { ...serve, user: accountFor(root, spec) } };
}

/** Who of several says something. */
function naming(name: string, emit: Emit): Emit {
  return (event) => {
    if (event.event === "step" || event.event === "warning")
      emit({ ...event, text: `${name}: ${event.text}` });
    else if (event.event === "progress") emit({ ...event, what: `${name}: ${event.what}` });
    else if (event.event === "line") emit({ ...event, source: `${name} ${event.source}` });
    else emit(event);
  };
}

/** What the machine is set up for is read only by those who tell it something. */
function lazyRouter(root: string): Parts["router"] {
  const router = async () => (await import("./serving/routers.ts")).createRouterPart(root);
  return {
    assertFree: async (site, domain) => (await router()).assertFree(site, domain),
    settle: async (site) => (await router()).settle(site),
    forget: async (site) => (await router()).forget(site),
    tls: async () => (await router()).tls(),
  };
}

/** PHP has no process to be started, and what serves it is loaded only by those who ask for it. */
function besidePhp(root: string, others: Parts["supervisor"]): Parts["supervisor"] {
  const php = async () => (await import("./serving/php/supervisor.ts")).createPhpSupervisor(root);
  return {
    assertReady: async (spec) => (spec.serve.kind === "php" ? await php() : others).assertReady(spec),
    start: async (site, side, release, serve) =>
      (serve.kind === "php" ? await php() : others).start(site, side, release, serve),
    assertHealthy: async (site, side, serve) =>
      (serve.kind === "php" ? await php() : others).assertHealthy(site, side, serve),
    forget: (site) => others.forget(site),
  };
}

/** The router is loaded only by those who knock. */
const lazyDoor: Parts["door"] = {
  open: async (site, side) => (await import("./serving/doors.ts")).createDoor().open(site, side),
};

function defaultRoot(): string {
  if (process.env.GREENROOM_ROOT) return process.env.GREENROOM_ROOT;
  if (process.getuid?.() === 0) return "/srv/greenroom";
  return join(process.env.XDG_DATA_HOME || join(homedir(), ".local", "share"), "greenroom");
}

function notOurs(root: string): GreenroomError {
  return new GreenroomError("USAGE", `${root} can't be the root: others keep their files there`, {
    hint: `name a folder of its own: --root ${join(root, "greenroom")}`,
  });
}

function whoAmI(): string {
  return `${process.env.SUDO_USER ?? userInfo().username}@${hostname()}`;
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
