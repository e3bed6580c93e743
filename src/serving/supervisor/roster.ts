import { at, type Site, siteName } from "../../environment/site.ts";
import type { Context } from "./context.ts";
import { type Supervised, superviseEnvironment } from "./environment.ts";
import { type FolderWatch, watchFolders } from "./watch.ts";

/** The environments that are supervised. */
export interface Roster {
  /** Takes in who is new, lets go who has left, looks at everybody who may have changed unheard. */
  update(sites: Site[]): void;
  close(manner: "end" | "leave"): Promise<void>;
}

interface Entry {
  supervised: Supervised;
  watch: FolderWatch;
  /** Whether what changes will be heard of. */
  watched: boolean;
  look(): void;
}

/** Of those that are watched, so many are looked at in one go, in turn: a thousand at rest must not cost a tenth of a core. */
const AT_ONCE = 200;

export function createRoster(context: Context): Roster {
  const entries = new Map<string, Entry>();
  const leaving = new Map<string, Promise<void>>();

  const dismiss = (dir: string, { watch, supervised }: Entry, manner: "end" | "leave") => {
    watch.close();
    entries.delete(dir);
    const left = supervised[manner]().finally(() => leaving.delete(dir));
    leaving.set(dir, left);
  };
  return {
    update(sites) {
      const dirs = new Set(sites.map((site) => site.dir));
      for (const [dir, entry] of entries) if (!dirs.has(dir)) dismiss(dir, entry, "end");
      for (const site of sites) {
        if (!entries.has(site.dir) && !leaving.has(site.dir)) entries.set(site.dir, enter(site, context));
      }
      const queue = [...entries];
      let watched = 0;
      for (const [dir, entry] of queue) {
        if (entry.watched && ++watched > AT_ONCE) continue;
        entry.look();
        // Behind all others, to wait for the next turn.
        entries.delete(dir);
        entries.set(dir, entry);
      }
    },
    async close(manner) {
      for (const [dir, entry] of entries) dismiss(dir, entry, manner);
      await Promise.all(leaving.values());
    },
  };
}

function enter(site: Site, { emit, ...context }: Context): Entry {
  const supervised = superviseEnvironment(site, { emit, ...context });
  const warn = warnOnce(emit);
  const act = () => {
    try {
      supervised.reconcile();
    } catch (error) {
      warn(`${siteName(site)} is left as it is: ${error instanceof Error ? error.message : error}`);
    }
  };
  const watch = watchFolders(act, (name) => !OURS.test(name));
  const entry: Entry = {
    supervised,
    watch,
    watched: false,
    look() {
      entry.watched = watch.follow([site.dir, at.run(site)]);
      act();
    },
  };
  return entry;
}

/** Names of what is written by the supervisor itself, or not there for good. */
const OURS = /^\.tmp-|^(blue|green)\.(json|sock|port)$/;

export function warnOnce(emit: Context["emit"]): (text: string) => void {
  const warned = new Set<string>();
  return (text) => {
    if (!warned.has(text)) emit({ event: "warning", text });
    warned.add(text);
  };
}
