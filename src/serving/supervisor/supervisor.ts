import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { at, type Site, siteName } from "../../environment/site.ts";
import { signalGroup } from "../../processes/group.ts";
import type { Context } from "./context.ts";
import { type Supervised, superviseEnvironment } from "./environment.ts";
import { endLeftovers, listSites } from "./leftovers.ts";
import { type FolderWatch, watchFolders } from "./watch.ts";

export interface EmbeddedSupervisor {
  /** Ends all processes at once. */
  kill(): void;
  /** Ends all processes, each after its drain. */
  close(): Promise<void>;
}

interface Entry {
  supervised: Supervised;
  watch: FolderWatch;
  look(): void;
}

/** Runs the processes of all environments of a root, for the holder of its up.lock. */
export async function startSupervisor(
  root: string,
  outside: Omit<Context, "crew">,
): Promise<EmbeddedSupervisor> {
  const context: Context = { ...outside, crew: new Set() };
  const ended = await endLeftovers(root);
  if (ended > 0)
    context.emit({ event: "warning", text: `ended ${ended} processes that an earlier run had left` });
  mkdirSync(join(root, "sites"), { recursive: true });
  const environments = new Map<string, Entry>();
  const leaving = new Map<string, Promise<void>>();

  const update = (sites: Site[]) => {
    const there = new Set(sites.map((site) => site.dir));
    for (const [dir, entry] of environments) {
      if (there.has(dir)) continue;
      environments.delete(dir);
      entry.watch.close();
      leaving.set(
        dir,
        entry.supervised.end().finally(() => leaving.delete(dir)),
      );
    }
    for (const site of sites) {
      if (!environments.has(site.dir) && !leaving.has(site.dir))
        environments.set(site.dir, enter(site, context));
    }
    const projects = new Set(sites.map((site) => dirname(site.dir)));
    newcomers.follow([join(root, "sites"), ...projects]);
    for (const entry of environments.values()) entry.look();
  };
  const look = serialize(async () => update(await listSites(root)), context);
  const newcomers = watchFolders(look.now);
  await look.now();
  const poll = setInterval(look.now, POLL);

  return {
    kill: () => {
      for (const leader of context.crew) signalGroup(leader, "SIGKILL");
    },
    async close() {
      clearInterval(poll);
      await look.stop();
      newcomers.close();
      for (const { watch } of environments.values()) watch.close();
      await Promise.all([
        ...leaving.values(),
        ...[...environments.values()].map((one) => one.supervised.end()),
      ]);
    },
  };
}

/** The net under the watches, which may miss things. */
const POLL = 1_000;

function enter(site: Site, context: Context): Entry {
  const supervised = superviseEnvironment(site, context);
  const warned = new Set<string>();
  const act = () => {
    try {
      supervised.reconcile();
    } catch (error) {
      const text = `${siteName(site)} is left as it is: ${error instanceof Error ? error.message : error}`;
      if (!warned.has(text)) context.emit({ event: "warning", text });
      warned.add(text);
    }
  };
  const watch = watchFolders(act, (name) => !/^\.tmp-|\.log$|^(blue|green)\.(json|sock|port)$/.test(name));
  const look = () => {
    watch.follow([site.dir, at.run(site)]);
    act();
  };
  return { supervised, watch, look };
}

/** Runs `act` once at a time; who asks meanwhile gets the run that is under way. */
function serialize(act: () => Promise<void>, { emit }: Context) {
  let running: Promise<void> | null = null;
  let stopped = false;
  const now = () => {
    if (stopped) return Promise.resolve();
    running ??= act()
      .catch((error) => emit({ event: "warning", text: `the environments can't be read: ${error}` }))
      .finally(() => {
        running = null;
      });
    return running;
  };
  const stop = async () => {
    stopped = true;
    await running;
  };
  return { now, stop };
}
